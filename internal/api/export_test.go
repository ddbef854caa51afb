package api

import (
	"maps"
	"slices"
)

// Patterns lists what is registered, for the matrix of routes and roles.
func (s *Server) Patterns() []string { return slices.Sorted(maps.Keys(s.access)) }
