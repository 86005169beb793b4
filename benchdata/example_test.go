package benchdata_test

import (
	"fmt"
	"log"

	"github.com/mtobench/mtobench/benchdata"
)

// The embedded set needs no file. Its tensors are the same on every machine.
func ExampleOpen() {
	set, err := benchdata.Open("glyphs", benchdata.Options{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(set)
	fmt.Printf("mean %.2f, standard deviation %.2f\n", set.Mean[0], set.Std[0])

	image := set.Val.Image(0) // [32,32,1]
	fmt.Printf("validation image 0 shows %s; its first pixels are %d\n",
		set.ClassNames[set.Val.Labels[0]], image[:4])
	// Output:
	// glyphs: 4096 train + 2000 val + 2000 test images of 32x32x1, 12 classes, sha256 8cb0ca1ed97d
	// mean 128.41, standard deviation 75.03
	// validation image 0 shows A; its first pixels are [135 136 134 136]
}

// A path opens a folder or an archive of images; errors say what is wrong with it.
func ExampleOpen_path() {
	_, err := benchdata.Open("photos.zip", benchdata.Options{Side: 32, FlipOK: true})
	fmt.Println(err)
	// Output: photos.zip: neither a file, a folder nor a known data set (glyphs, fashion-mnist, cifar10, cifar100)
}
