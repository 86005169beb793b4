//go:build !amd64 && !arm64

package kernel

func peaks() []Peak { return nil }

func streams() map[string]Stream { return nil }
