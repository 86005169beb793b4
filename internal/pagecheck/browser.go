package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

// A browser is a headless Chromium that is spoken to through its debugging pipe: JSON messages that end
// with a zero byte.
type browser struct {
	cmd     *exec.Cmd
	to      *os.File
	mu      sync.Mutex
	next    int
	waiting map[int]chan reply
	events  func(session, method string, params json.RawMessage)
	gone    chan struct{}
}

type reply struct {
	ID     int             `json:"id"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Message string `json:"message"`
	} `json:"error"`
	Session string          `json:"sessionId"`
	Method  string          `json:"method"`
	Params  json.RawMessage `json:"params"`
}

// patience is how long an answer may take.
const patience = 60 * time.Second

// launch starts the program with an empty profile.
func launch(program, profile string, events func(session, method string, params json.RawMessage)) (*browser, error) {
	toRead, to, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	from, fromWrite, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(program, "--headless", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--no-first-run",
		"--disable-background-networking", "--disable-quic", "--disable-sync", "--disable-component-update", "--hide-scrollbars", "--force-color-profile=srgb", "--user-data-dir="+profile)
	cmd.ExtraFiles = []*os.File{toRead, fromWrite} // descriptors 3 and 4
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w; install chromium, or name it with -browser", program, err)
	}
	toRead.Close()
	fromWrite.Close()
	b := &browser{cmd: cmd, to: to, waiting: map[int]chan reply{}, events: events, gone: make(chan struct{})}
	go b.listen(from)
	return b, nil
}

// listen hands answers to those who wait and everything else to events.
func (b *browser) listen(from io.Reader) {
	defer close(b.gone)
	in := bufio.NewReader(from)
	for {
		data, err := in.ReadBytes(0)
		if err != nil {
			return
		}
		var r reply
		if json.Unmarshal(data[:len(data)-1], &r) != nil {
			continue
		}
		if r.ID == 0 {
			b.events(r.Session, r.Method, r.Params)
			continue
		}
		b.mu.Lock()
		ch := b.waiting[r.ID]
		delete(b.waiting, r.ID)
		b.mu.Unlock()
		if ch != nil {
			ch <- r
		}
	}
}

// call sends one command and decodes its result into result, which may be nil.
func (b *browser) call(session, method string, params any, result any) error {
	if params == nil {
		params = struct{}{}
	}
	b.mu.Lock()
	b.next++
	id, ch := b.next, make(chan reply, 1)
	b.waiting[id] = ch
	b.mu.Unlock()
	message := map[string]any{"id": id, "method": method, "params": params}
	if session != "" {
		message["sessionId"] = session
	}
	data, err := json.Marshal(message)
	if err != nil {
		return err
	}
	if _, err := b.to.Write(append(data, 0)); err != nil {
		return fmt.Errorf("%s: the browser is gone: %w", method, err)
	}
	select {
	case r := <-ch:
		if r.Error != nil {
			return fmt.Errorf("%s: %s", method, r.Error.Message)
		}
		if result == nil {
			return nil
		}
		return json.Unmarshal(r.Result, result)
	case <-b.gone:
		return fmt.Errorf("%s: the browser ended", method)
	case <-time.After(patience):
		return fmt.Errorf("%s: no answer in %s", method, patience)
	}
}

// open makes a page and returns its session.
func (b *browser) open() (string, error) {
	var target struct {
		ID string `json:"targetId"`
	}
	if err := b.call("", "Target.createTarget", map[string]any{"url": "about:blank"}, &target); err != nil {
		return "", err
	}
	var session struct {
		ID string `json:"sessionId"`
	}
	err := b.call("", "Target.attachToTarget", map[string]any{"targetId": target.ID, "flatten": true}, &session)
	return session.ID, err
}

// evaluate runs an expression in the page and decodes what it gives.
func (b *browser) evaluate(session, expression string, result any) error {
	var r struct {
		Result struct {
			Value json.RawMessage `json:"value"`
		} `json:"result"`
		Exception *struct {
			Text      string `json:"text"`
			Exception struct {
				Description string `json:"description"`
			} `json:"exception"`
		} `json:"exceptionDetails"`
	}
	err := b.call(session, "Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true}, &r)
	if err != nil {
		return err
	}
	if r.Exception != nil {
		return errors.New(r.Exception.Text + " " + r.Exception.Exception.Description)
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(r.Result.Value, result)
}

// picture asks for bytes: a screenshot, or the page as PDF.
func (b *browser) picture(session, method string, params any) ([]byte, error) {
	var r struct {
		Data string `json:"data"`
	}
	if err := b.call(session, method, params, &r); err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(r.Data)
}

func (b *browser) close() {
	b.call("", "Browser.close", nil, nil)
	b.to.Close()
	b.cmd.Wait()
}
