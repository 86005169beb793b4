// Command pagecheck opens HTML pages in a headless Chromium and checks what a report page promises: no
// message on the console, no request beyond its own file, no scrolling sideways, unique ids, named
// pictures, headings in order, text that is large enough and stays in its picture.
//
//	pagecheck report.html                                # at 360, 768 and 1280 pixels, light, dark and on paper
//	pagecheck -shots DIR report.html                     # keeps screenshots and the PDF
//	pagecheck -axe axe.min.js report.html                # the accessibility rules of axe-core, too
//
// Exit status: 0 all hold, 1 something doesn't, 2 it couldn't be checked.
package main

import (
	_ "embed"
	"encoding/json"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

//go:embed rules.js
var rules string

// views are the windows that a page is seen in.
var views = []struct {
	name          string
	width, height int
	media, scheme string
}{
	{"phone", 360, 740, "screen", "light"},
	{"phone-dark", 360, 740, "screen", "dark"},
	{"tablet", 768, 1024, "screen", "light"},
	{"desktop", 1280, 900, "screen", "light"},
	{"desktop-dark", 1280, 900, "screen", "dark"},
	{"paper", 794, 1123, "print", "light"},
}

func main() {
	program := flag.String("browser", "chromium", "the browser's program")
	shots := flag.String("shots", "", "folder for screenshots and PDF")
	only := flag.String("views", "", "views to look in, by name, separated by commas; empty: all")
	axe := flag.String("axe", "", "axe.min.js, to check its rules as well")
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: pagecheck [-shots DIR] [-axe axe.min.js] FILE.html ...")
		os.Exit(2)
	}
	wrong, err := check(*program, *shots, *axe, *only, flag.Args())
	if err != nil {
		fmt.Fprintf(os.Stderr, "pagecheck: %v\n", err)
		os.Exit(2)
	}
	for _, w := range wrong {
		fmt.Println(w)
	}
	if len(wrong) > 0 {
		os.Exit(1)
	}
}

// A checker collects what the browser says about the page under view.
type checker struct {
	*browser
	axe, shots string
	only       string // names of views, separated by commas; empty: all
	mu         sync.Mutex
	heard      []string
	page       string // URL of the page
}

func check(program, shots, axe, only string, files []string) (wrong []string, err error) {
	profile, err := os.MkdirTemp("", "pagecheck")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(profile)
	c := &checker{shots: shots, only: only}
	if axe != "" {
		text, err := os.ReadFile(axe)
		if err != nil {
			return nil, err
		}
		c.axe = string(text)
	}
	if c.browser, err = launch(program, profile, c.hear); err != nil {
		return nil, err
	}
	defer c.close()
	for _, file := range files {
		found, err := c.file(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		wrong = append(wrong, found...)
	}
	return wrong, nil
}

// hear notes requests, messages of the console and exceptions.
func (c *checker) hear(_, method string, params json.RawMessage) {
	var p struct {
		Request struct {
			URL string `json:"url"`
		} `json:"request"`
		Entry struct {
			Level, Text string
		} `json:"entry"`
		Type    string          `json:"type"`
		Args    json.RawMessage `json:"args"`
		Details struct {
			Text string `json:"text"`
		} `json:"exceptionDetails"`
	}
	if json.Unmarshal(params, &p) != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch method {
	case "Network.requestWillBeSent":
		if p.Request.URL != c.page {
			c.heard = append(c.heard, "requests "+p.Request.URL)
		}
	case "Log.entryAdded":
		c.heard = append(c.heard, "log "+p.Entry.Level+": "+p.Entry.Text)
	case "Runtime.consoleAPICalled":
		c.heard = append(c.heard, "console "+p.Type+": "+string(p.Args))
	case "Runtime.exceptionThrown":
		c.heard = append(c.heard, "exception: "+p.Details.Text)
	}
}

// file checks one page in every view.
func (c *checker) file(file string) (wrong []string, err error) {
	path, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	c.page = (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String()
	for _, v := range views {
		if c.only != "" && !slices.Contains(strings.Split(c.only, ","), v.name) {
			continue
		}
		session, err := c.open()
		if err != nil {
			return nil, err
		}
		found, err := c.view(session, file, v.name, v.width, v.height, v.media, v.scheme)
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			wrong = append(wrong, fmt.Sprintf("%s, %s: %s", file, v.name, f))
		}
	}
	return wrong, nil
}

func (c *checker) view(session, file, name string, width, height int, media, scheme string) (wrong []string, err error) {
	c.mu.Lock()
	c.heard = nil
	c.mu.Unlock()
	for _, step := range []struct {
		method string
		params map[string]any
	}{
		{"Network.enable", nil}, {"Log.enable", nil}, {"Runtime.enable", nil}, {"Page.enable", nil},
		{"Network.emulateNetworkConditions", map[string]any{"offline": true, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}},
		{"Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}},
		{"Emulation.setEmulatedMedia", map[string]any{"media": media, "features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}}},
		{"Page.navigate", map[string]any{"url": c.page}},
	} {
		var params any
		if step.params != nil {
			params = step.params
		}
		if err := c.call(session, step.method, params, nil); err != nil {
			return nil, err
		}
	}
	if err := c.evaluate(session, `new Promise(done => { const look = () => document.readyState == "complete" ? done(1) : setTimeout(look, 20); look() })`, nil); err != nil {
		return nil, err
	}
	if err := c.evaluate(session, rules, &wrong); err != nil {
		return nil, err
	}
	if c.shots != "" {
		if err := c.shoot(session, file, name, media); err != nil {
			return nil, err
		}
	}
	// Opened details may hold what is too wide.
	var opened []string
	if err := c.evaluate(session, `document.querySelectorAll("details").forEach(d => d.open = true)`, nil); err != nil {
		return nil, err
	}
	if err := c.evaluate(session, rules, &opened); err != nil {
		return nil, err
	}
	wrong = append(wrong, without(opened, wrong)...)
	if c.axe != "" && media == "screen" {
		found, err := c.accessibility(session)
		if err != nil {
			return nil, err
		}
		wrong = append(wrong, found...)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return append(wrong, c.heard...), nil
}

// without leaves out of list what is in had.
func without(list, had []string) (rest []string) {
	for _, s := range list {
		known := false
		for _, h := range had {
			known = known || s == h
		}
		if !known {
			rest = append(rest, s)
		}
	}
	return rest
}

// accessibility runs axe-core's rules in the page.
func (c *checker) accessibility(session string) (wrong []string, err error) {
	if err := c.evaluate(session, c.axe+"; 0", nil); err != nil {
		return nil, err
	}
	err = c.evaluate(session, `axe.run({resultTypes: ["violations"]}).then(r => r.violations.flatMap(v => v.nodes.map(n => v.id + ": " + v.help + ": " + n.html.slice(0, 160))))`, &wrong)
	return wrong, err
}

// shoot keeps a picture of the whole page, and the PDF on paper.
func (c *checker) shoot(session, file, name, media string) error {
	if err := os.MkdirAll(c.shots, 0o755); err != nil {
		return err
	}
	base := filepath.Join(c.shots, strings.TrimSuffix(filepath.Base(file), ".html")+"-"+name)
	if media == "print" {
		data, err := c.picture(session, "Page.printToPDF", map[string]any{"printBackground": true, "preferCSSPageSize": true, "paperWidth": 8.27, "paperHeight": 11.69})
		if err != nil {
			return err
		}
		return os.WriteFile(base+".pdf", data, 0o644)
	}
	data, err := c.picture(session, "Page.captureScreenshot", map[string]any{"format": "png", "captureBeyondViewport": true})
	if err != nil {
		return err
	}
	return os.WriteFile(base+".png", data, 0o644)
}
