package benchdata

// The SHA-256 of the four .gz files have been checked: those of the Debian package
// dataset-fashion-mnist become them when the file name and time that its packing took out of
// the gzip headers are put back. pins are those of the uncompressed files, so that any
// packing will do.
var fashionMNIST = description{
	Info: Info{
		Name: "fashion-mnist", Title: "Fashion-MNIST: grey pictures of clothes from an online shop",
		Side: 28, Channels: 1, Classes: 10,
		Train: 50_000, Val: 10_000, Test: 10_000,
		FlipOK:   true,
		Licence:  "MIT",
		Source:   "https://github.com/zalandoresearch/fashion-mnist (Debian package dataset-fashion-mnist)",
		Citation: "H. Xiao, K. Rasul, R. Vollgraf, Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning Algorithms, arXiv 1708.07747, 2017",
		Files: []File{
			{"train-images-idx3-ubyte.gz", fashionURL + "train-images-idx3-ubyte.gz", 26_421_880,
				"3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"},
			{"train-labels-idx1-ubyte.gz", fashionURL + "train-labels-idx1-ubyte.gz", 29_515,
				"a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"},
			{"t10k-images-idx3-ubyte.gz", fashionURL + "t10k-images-idx3-ubyte.gz", 4_422_102,
				"346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"},
			{"t10k-labels-idx1-ubyte.gz", fashionURL + "t10k-labels-idx1-ubyte.gz", 5_148,
				"67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"},
		},
		SHA256: "413ce862e22d7e62d7328b770859776922dc4236e76f642e89f4b42ab880e7f5",
	},
	elsewhere: []string{"/usr/share/datasets/fashion-mnist"},
	pins: map[string]string{
		"train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
		"train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
		"t10k-images-idx3-ubyte":  "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
		"t10k-labels-idx1-ubyte":  "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
	},
	open: func(d *description, dir string, opt Options) (*Set, error) {
		s, err := openIDX(d.Name, dir, opt.Side, d.pins)
		if err == nil {
			s.ClassNames = []string{"t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle-boot"}
		}
		return s, err
	},
}

const fashionURL = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
