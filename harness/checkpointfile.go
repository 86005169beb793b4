package harness

import (
	"fmt"
	"strconv"

	"github.com/mtobench/mtobench/nn"
)

// digestKey is the metadata key of a checkpoint that holds the SHA-256 of all the rest of the file.
const digestKey = "content_sha256"

// writeCheckpoint writes a checkpoint with the digest of its whole content.
func writeCheckpoint(path string, file *nn.TensorFile) error {
	delete(file.Metadata, digestKey)
	digest, err := file.Digest()
	if err != nil {
		return err
	}
	file.Metadata[digestKey] = digest
	return nn.WriteTensors(path, file)
}

// readCheckpoint reads a checkpoint and refuses one whose metadata or tensors aren't those that were written.
func readCheckpoint(path string) (*nn.TensorFile, error) {
	file, err := nn.ReadTensors(path)
	if err != nil {
		return nil, err
	}
	if schema, err := strconv.Atoi(file.Metadata["schema"]); err == nil && schema > Schema {
		return nil, fmt.Errorf("%w: %w", errForeign, checkSchema(path, schema))
	}
	want := file.Metadata[digestKey]
	delete(file.Metadata, digestKey)
	got, err := file.Digest()
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", path, errDamaged, err)
	}
	if got != want {
		return nil, fmt.Errorf("%s: %w: its content hashes to %.12s, it says %.12s", path, errDamaged, got, want)
	}
	return file, nil
}
