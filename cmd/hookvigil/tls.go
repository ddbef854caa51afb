package main

import "crypto/tls"

// keyPair reads a certificate and its key.
func keyPair(certFile, keyFile string) (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, usage("--client-cert: %v", err)
	}
	return &pair, nil
}
