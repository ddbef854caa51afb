package tools_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"go.yaml.in/yaml/v3"
)

// decode reads a provisioning file of Grafana's; a key that v lacks is a fault.
func decode(t *testing.T, name string, v any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "dashboards/grafana/provisioning", name))
	if err != nil {
		t.Fatal(err)
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func TestDashboardsAreProvisionedFromAFolder(t *testing.T) {
	t.Parallel()
	var f struct {
		APIVersion int `yaml:"apiVersion"`
		Providers  []struct {
			Name, Type, Folder    string
			FolderUID             string `yaml:"folderUid"`
			DisableDeletion       bool   `yaml:"disableDeletion"`
			AllowUIUpdates        bool   `yaml:"allowUiUpdates"`
			UpdateIntervalSeconds int    `yaml:"updateIntervalSeconds"`
			Options               struct{ Path string }
		}
	}
	decode(t, "dashboards/hookvigil.yaml", &f)
	if f.APIVersion != 1 || len(f.Providers) != 1 {
		t.Fatalf("got version %d with %d providers, want version 1 with one", f.APIVersion, len(f.Providers))
	}
	if p := f.Providers[0]; p.Type != "file" || p.AllowUIUpdates || !filepath.IsAbs(p.Options.Path) {
		t.Errorf("got %+v, want files of an absolute path that Grafana does not change", p)
	}
}

func TestTheDataSourceIsAPrometheus(t *testing.T) {
	t.Parallel()
	var f struct {
		APIVersion  int `yaml:"apiVersion"`
		Datasources []struct {
			Name, UID, Type, Access, URL string
			IsDefault                    bool `yaml:"isDefault"`
			JSONData                     struct {
				HTTPMethod   string `yaml:"httpMethod"`
				TimeInterval string `yaml:"timeInterval"`
			} `yaml:"jsonData"`
		}
	}
	decode(t, "datasources/prometheus.yaml", &f)
	if f.APIVersion != 1 || len(f.Datasources) != 1 {
		t.Fatalf("got version %d with %d data sources, want version 1 with one", f.APIVersion, len(f.Datasources))
	}
	if d := f.Datasources[0]; d.Type != "prometheus" || d.JSONData.TimeInterval != "15s" {
		t.Errorf("got %+v, want a prometheus with the scrape interval of the README, 15s", d)
	}
}
