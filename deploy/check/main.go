// Command check reads the files of deploy as their engines do: Kubernetes manifests with the API server's own decoding, defaults
// and validation, Nomad jobs with Nomad's own parser. It is a module of its own, so that the engines' code is no dependency of
// mtobench.
//
//	cd deploy/check && go run . ../kubernetes.yaml ../mtobench.nomad.hcl
package main

import (
	"fmt"
	"os"
	"strings"
)

func main() {
	failed := len(os.Args) < 2
	for _, path := range os.Args[1:] {
		check := checkKubernetes
		if strings.HasSuffix(path, ".hcl") {
			check = checkNomad
		}
		said, err := check(path)
		if err != nil {
			failed = true
			fmt.Fprintf(os.Stderr, "%s: %v\n", path, err)
			continue
		}
		fmt.Printf("%s: %s\n", path, said)
	}
	if failed {
		os.Exit(1)
	}
}
