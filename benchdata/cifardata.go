package benchdata

import "path/filepath"

// The SHA-256 of the archives and of the files in them are those that several public
// loaders pin, which agree; they have not been computed here from the files themselves.

const cifarCitation = "A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009"

var cifar10 = description{
	Info: Info{
		Name: "cifar10", Title: "CIFAR-10: small colour photographs, 10 classes",
		Side: 32, Channels: 3, Classes: 10,
		Train: 40_000, Val: 10_000, Test: 10_000,
		FlipOK:   true,
		Licence:  "none stated; free to download from its authors",
		Source:   "https://www.cs.toronto.edu/~kriz/cifar.html",
		Citation: cifarCitation,
		Files: []File{{"cifar-10-binary.tar.gz", "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz", 170_052_171,
			"c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"}},
	},
	pins: map[string]string{
		"data_batch_1.bin": "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
		"data_batch_2.bin": "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
		"data_batch_3.bin": "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
		"data_batch_4.bin": "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
		"data_batch_5.bin": "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
		"test_batch.bin":   "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
	},
	open: openCIFAR(&cifar10Layout, "cifar-10-batches-bin"),
}

var cifar100 = description{
	Info: Info{
		Name: "cifar100", Title: "CIFAR-100: small colour photographs, 100 classes",
		Side: 32, Channels: 3, Classes: 100,
		Train: 40_000, Val: 10_000, Test: 10_000,
		FlipOK:   true,
		Licence:  "none stated; free to download from its authors",
		Source:   "https://www.cs.toronto.edu/~kriz/cifar.html",
		Citation: cifarCitation,
		Files: []File{{"cifar-100-binary.tar.gz", "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz", 168_513_733,
			"58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec"}},
	},
	pins: map[string]string{
		"train.bin": "f31298fc616915fa142368359df1c4ca2ae984d6915ca468b998a5ec6aeebf29",
		"test.bin":  "d8b1e6b7b3bee4020055f0699b111f60b1af1e262aeb93a0b659061746f8224a",
	},
	open: openCIFAR(&cifar100Layout, "cifar-100-binary"),
}

// openCIFAR reads the archive as fetched, or the folder it unpacks to.
func openCIFAR(layout *cifarLayout, unpacked string) func(*description, string, Options) (*Set, error) {
	return func(d *description, dir string, opt Options) (*Set, error) {
		if file := filepath.Join(dir, d.Files[0].Name); isFile(file) {
			return openCIFARTar(d.Name, file, layout, opt.Side, d.pins)
		}
		for _, folder := range []string{dir, filepath.Join(dir, unpacked)} {
			if isFile(filepath.Join(folder, layout.test)) {
				return openCIFARFolder(d.Name, folder, layout, opt.Side, d.pins)
			}
		}
		return nil, notThereF("%s: no %s in %s", d.Name, d.Files[0].Name, dir)
	}
}
