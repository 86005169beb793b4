package harness

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/BurntSushi/toml"
)

// ErrConfig marks a mistake in a configuration (exit status 78).
var ErrConfig = errors.New("configuration")

// Load reads a study: the defaults that its names imply, then the file's keys, then the overrides,
// each "section.key=value". name is what errors call the text, usually a file name.
func Load(name string, text []byte, overrides []string) (Config, error) {
	c, err := load(name, text, overrides)
	if err != nil {
		return Config{}, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return c, nil
}

// LoadFile is Load of a file.
func LoadFile(path string, overrides []string) (Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("%w: study file: %w", ErrConfig, err)
	}
	return Load(path, text, overrides)
}

// load reads twice: the first time for the names, on which the other defaults depend.
func load(name string, text []byte, overrides []string) (Config, error) {
	var named Config
	if err := fill(&named, name, text, overrides); err != nil {
		return Config{}, err
	}
	if named.Data.Path != "" && named.Data.Name == "" {
		named.Data.Name = pathName(named.Data.Path)
	}
	c := Defaults(Names{named.Data.Name, named.Model.Name, named.Method.Name, named.MTO.Preset})
	if err := fill(&c, name, text, overrides); err != nil {
		return Config{}, err
	}
	return c, c.Check()
}

func fill(c *Config, name string, text []byte, overrides []string) error {
	meta, err := toml.Decode(string(text), c)
	if err != nil {
		var parse toml.ParseError
		if errors.As(err, &parse) {
			return fmt.Errorf("%s:%d: %s", name, parse.Position.Line, parse.Message)
		}
		return fmt.Errorf("%s: %w", name, err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return fmt.Errorf("%s: %w", name, unknownKey(unknown[0].String()))
	}
	for _, o := range overrides {
		key, value, ok := strings.Cut(o, "=")
		if !ok {
			return fmt.Errorf("-s %s: want key=value, like -s train.epochs=20", o)
		}
		if err := c.Set(strings.TrimSpace(key), strings.TrimSpace(value)); err != nil {
			return err
		}
	}
	return nil
}

// TOML writes every key; Load of it gives the same configuration.
func (c *Config) TOML() []byte {
	var b bytes.Buffer
	enc := toml.NewEncoder(&b)
	enc.Indent = ""
	if err := enc.Encode(c); err != nil {
		panic("harness: encoding a configuration: " + err.Error())
	}
	return b.Bytes()
}
