package config

import "github.com/hookvigil/hookvigil/internal/conditions"

// Conditions returns the settings as the conditions take them: the daemon's and
// those of a replay.
func (r Rules) Conditions() conditions.Config {
	return conditions.Config{
		EndpointDown: r.EndpointDown, Certificate: r.Certificate,
		Platform: r.Platform, Product: r.Product, Channel: r.Channel, Type: r.Type, Merchant: r.Merchant, Endpoint: r.Endpoint,
		Paging: r.Paging, Pack: r.Pack, Grace: r.Grace,
	}
}
