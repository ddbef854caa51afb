package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
)

// maxFile bounds what is read of a file that the command line names: the
// largest bundle of certificates in use has some 300 KB.
const maxFile = 4 << 20

// readFile reads a file of at most maxFile bytes. A device or a pipe without
// end stops there too.
func readFile(path string) ([]byte, error) {
	raw, _, err := readWithMode(path)
	return raw, err
}

// readSecret reads a file that only its owner may read.
func readSecret(path string) ([]byte, error) {
	raw, mode, err := readWithMode(path)
	if err == nil && mode.IsRegular() && mode.Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s can be read by others (mode %04o); chmod 600 %s", path, mode.Perm(), path)
	}
	return raw, err
}

func readWithMode(path string) ([]byte, fs.FileMode, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, 0, err
	}
	raw, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(raw) > maxFile {
		err = fmt.Errorf("%s is larger than %d MiB", path, maxFile>>20)
	}
	return raw, info.Mode(), err
}
