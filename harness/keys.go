package harness

import (
	_ "embed"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/mtobench/mtobench/internal/spelling"
)

// key is one configuration key with a handle on its value in one Config.
type key struct {
	name   string // "train.epochs"
	value  reflect.Value
	hashed bool // whether it can change a result
}

// keys lists every key of c in the order of the structs. The values are settable.
func (c *Config) keys() []key {
	var ks []key
	root := reflect.ValueOf(c).Elem()
	for i := range root.NumField() {
		section := root.Type().Field(i).Tag.Get("toml")
		table := root.Field(i)
		for j := range table.NumField() {
			f := table.Type().Field(j)
			ks = append(ks, key{
				name:   section + "." + f.Tag.Get("toml"),
				value:  table.Field(j),
				hashed: f.Tag.Get("hash") != "-",
			})
		}
	}
	return ks
}

// documentation is the package's, the one place where the meaning of each key stands.
//
//go:embed doc.go
var documentation string

var documentedKey = regexp.MustCompile(`^//\t([a-z]+\.[a-z0-9_]+) +(.*)$`)

// documentedKeys lists the keys of the package documentation with their meanings, in its order.
func documentedKeys() Settings {
	var s Settings
	for _, line := range strings.Split(documentation, "\n") {
		if m := documentedKey.FindStringSubmatch(line); m != nil {
			s = append(s, Setting{m[1], m[2]})
		} else if more, ok := strings.CutPrefix(line, "//\t "); ok && len(s) > 0 { // the meaning goes on
			s[len(s)-1].Value += " " + strings.TrimSpace(more)
		}
	}
	return s
}

// KeyMeaning is what the package documentation says of a key, with its default in parentheses.
func KeyMeaning(name string) string {
	for _, s := range documentedKeys() {
		if s.Key == name {
			return s.Value
		}
	}
	return ""
}

// KeyNames lists every key, "section.key", in the order of the documentation.
func KeyNames() []string {
	var names []string
	for _, k := range new(Config).keys() {
		names = append(names, k.name)
	}
	return names
}

// Settings are key/value pairs as text, in the order of KeyNames. Text and value correspond one to
// one: numbers are in their shortest form.
type Settings []Setting

// Setting is one key with its value as text.
type Setting struct{ Key, Value string }

// Settings lists the whole configuration.
func (c *Config) Settings() Settings { return c.settings(false) }

// settings lists the configuration; hashedOnly leaves out what can't change a result.
func (c *Config) settings(hashedOnly bool) Settings {
	var s Settings
	for _, k := range c.keys() {
		if k.hashed || !hashedOnly {
			s = append(s, Setting{k.name, formatValue(k.value)})
		}
	}
	return s
}

// Set gives one key a value written as text: a number, true or false, a bare string, or a list of
// numbers separated by commas. It refuses unknown keys by naming the nearest known one.
func (c *Config) Set(name, text string) error {
	for _, k := range c.keys() {
		if k.name == name {
			return setValue(k, text)
		}
	}
	return unknownKey(name)
}

// unknownKey names the nearest key; a name without a section is taken for a key's last part.
func unknownKey(name string) error {
	names := KeyNames()
	words := names
	if !strings.Contains(name, ".") {
		words = make([]string, len(names))
		for i, n := range names {
			_, words[i], _ = strings.Cut(n, ".")
		}
	}
	meant := names[slices.Index(words, spelling.Nearest(name, words))]
	return fmt.Errorf("%s: no such key; did you mean %s? (mtobench keys lists all)", name, meant)
}

func formatValue(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64)
	case reflect.Slice:
		parts := make([]string, v.Len())
		for i := range parts {
			parts[i] = formatValue(v.Index(i))
		}
		return strings.Join(parts, ",")
	}
	return fmt.Sprint(v.Interface())
}

func setValue(k key, text string) error {
	bad := func(want string) error {
		return fmt.Errorf("%s: %q: not %s", k.name, text, want)
	}
	switch v := k.value; v.Kind() {
	case reflect.String:
		v.SetString(strings.Trim(text, `"`))
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return bad("true or false")
		}
		v.SetBool(b)
	case reflect.Int:
		n, err := strconv.ParseInt(strings.ReplaceAll(text, "_", ""), 10, 64)
		if err != nil {
			return bad("a whole number")
		}
		v.SetInt(n)
	case reflect.Float64:
		f, err := strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), 64)
		if err != nil {
			return bad("a number")
		}
		v.SetFloat(f)
	case reflect.Slice:
		var list []float64
		for _, part := range strings.Split(strings.Trim(text, "[] "), ",") {
			f, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
			if err != nil {
				return bad("a list of numbers like 0.8,0.95")
			}
			list = append(list, f)
		}
		v.Set(reflect.ValueOf(list))
	default:
		panic("harness: configuration key of kind " + v.Kind().String())
	}
	return nil
}
