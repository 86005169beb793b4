package main

import (
	"context"
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/mtobench/mtobench/benchdata"
)

type dataCommand struct {
	List  dataListCommand  `cmd:"" help:"List the data sets that mtobench knows."`
	Info  dataInfoCommand  `cmd:"" help:"Describe a data set: a known name, or your own folder, zip or tar, which is read and checked."`
	Fetch dataFetchCommand `cmd:"" help:"Download a known data set and check its hash."`
}

type dataListCommand struct {
	Dir string `help:"Folder of fetched data sets."`
}

func (d *dataListCommand) Run() error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "name\timages\tsize\tclasses\twhere")
	for _, i := range benchdata.List() {
		where, err := whereIs(i, d.Dir)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s\t%d train, %d val, %d test\t%dx%dx%d\t%d\t%s\n", i.Name, i.Train, i.Val, i.Test, i.Side, i.Side, i.Channels, i.Classes, where)
	}
	return w.Flush()
}

// whereIs says where a known set lies, or how to get it.
func whereIs(i benchdata.Info, dir string) (string, error) {
	if len(i.Files) == 0 {
		return "in the program", nil
	}
	path, err := benchdata.Locate(i.Name, dir)
	if err != nil || path != "" {
		return path, err
	}
	return fmt.Sprintf("not here: mtobench data fetch %s (%.0f MB)", i.Name, float64(i.Bytes())/1e6), nil
}

type dataInfoCommand struct {
	Data string `arg:"" help:"Name of a data set, or a folder, zip or tar."`
	Dir  string `help:"Folder of fetched data sets."`
	Side int    `help:"Resize images to this many pixels; 0: as they are."`
}

func (d *dataInfoCommand) Run() error {
	set, err := benchdata.Open(d.Data, benchdata.Options{Dir: d.Dir, Side: d.Side})
	info, known := benchdata.Describe(d.Data)
	if known == nil {
		fmt.Printf("%s: %s\nlicence   %s\nsource    %s\ncitation  %s\n", info.Name, info.Title, info.Licence, info.Source, info.Citation)
	}
	if err != nil {
		return err
	}
	fmt.Printf("%v\nsha256    %s\n", set, set.SHA256)
	fmt.Printf("flip      a mirror image keeps its label: %v\n", set.FlipOK)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "class\ttrain\tval\ttest")
	for k, name := range set.ClassNames {
		fmt.Fprintf(w, "%s", name)
		for _, split := range set.Splits() {
			n := 0
			for _, label := range split.Labels {
				if int(label) == k {
					n++
				}
			}
			fmt.Fprintf(w, "\t%d", n)
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}

type dataFetchCommand struct {
	Name string `arg:"" help:"Name of a data set (mtobench data list)."`
	Dir  string `help:"Folder of fetched data sets."`
}

func (d *dataFetchCommand) Run(ctx context.Context) error {
	options := benchdata.FetchOptions{Dir: d.Dir}
	if isTerminal() {
		options.Progress = func(file string, done, total int64) {
			fmt.Fprintf(os.Stderr, "\r%s  %.1f of %.1f MB\x1b[K", file, float64(done)/1e6, float64(total)/1e6)
		}
	}
	dir, err := benchdata.Fetch(ctx, d.Name, options)
	if isTerminal() {
		fmt.Fprint(os.Stderr, "\r\x1b[K")
	}
	if err != nil {
		return err
	}
	fmt.Println(dir)
	return nil
}
