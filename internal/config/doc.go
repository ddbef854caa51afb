// Package config reads the configuration file into the other packages' own
// config structs. It is the one place that reads files and the environment,
// and it reports every fault at once, each with file, line, column, excerpt
// and hint.
//
// A file becomes a tree of nodes (YAML and NDJSON alike), the tree becomes
// plain structs by a strict decoder that knows none of them, and what was
// decoded is then checked by the packages that own it. It will not send,
// dial, resolve or store anything.
package config
