package benchdata

import (
	"fmt"
	"io/fs"
)

// A notThere is an error that is fs.ErrNotExist to errors.Is.
type notThere string

func (e notThere) Error() string        { return string(e) }
func (e notThere) Is(target error) bool { return target == fs.ErrNotExist }

func notThereF(format string, args ...any) error { return notThere(fmt.Sprintf(format, args...)) }
