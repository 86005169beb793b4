package harness

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/mtobench/mtobench/internal/resultfile"
)

// Schema is the version of every file that this package writes. A file with a newer one is refused.
const Schema = resultfile.Schema

// errDamaged marks a file that isn't what was written.
var errDamaged = errors.New("damaged")

// readJSON decodes a file of ours into v and refuses a newer schema by name.
func readJSON(path string, v any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return decodeJSON(path, data, v)
}

func decodeJSON(path string, data []byte, v any) error {
	var head struct {
		Schema int `json:"schema"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return fmt.Errorf("%s: %w: %w", path, errDamaged, err)
	}
	if err := checkSchema(path, head.Schema); err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%s: %w: %w", path, errDamaged, err)
	}
	return nil
}

// A newerSchema is the error of a file with a newer schema: no repetition mends that.
type newerSchema string

func (e newerSchema) Error() string      { return string(e) }
func (newerSchema) Is(target error) bool { return target == ErrConfig }

func checkSchema(path string, schema int) error {
	switch {
	case schema > Schema:
		return newerSchema(fmt.Sprintf("%s: schema %d: this program knows schemas up to %d; use a newer mtobench", path, schema, Schema))
	case schema < 1:
		return fmt.Errorf("%s: no schema number: not a file of mtobench, or %w", path, errDamaged)
	}
	return nil
}

// checkHead checks the schema of a text: the number behind head in its first line.
func checkHead(path string, text []byte, head string) error {
	line, _, _ := strings.Cut(string(text), "\n")
	schema, err := strconv.Atoi(strings.TrimPrefix(line, head))
	if err != nil {
		return fmt.Errorf("%s: %w: line 1: want %q and a number", path, errDamaged, head)
	}
	return checkSchema(path, schema)
}

// writeJSON writes v, indented, by rename.
func writeJSON(path string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return writeFile(path, append(data, '\n'))
}
