package config

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
)

// text decodes a scalar into a type that reads its own spelling.
func (d *decoder) text(n *node, v reflect.Value, path string, key position) bool {
	if n.kind > kindText {
		return d.bad(n.show(key), path, "", "wanted a single value, got %s", n.kind)
	}
	if check := d.check[v.Type()]; check != nil {
		if message, hint := check(n, path[strings.LastIndexByte(path, '.')+1:]); message != "" {
			return d.bad(n.show(key), path, hint, "%s", message)
		}
	}
	value, ok := d.expanded(n, path, key)
	if !ok {
		return false
	}
	err := v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(value))
	if err == nil {
		return true
	}
	hint := ""
	if _, list, found := strings.Cut(err.Error(), "one of "); found {
		if near, ok := nearest(value, strings.Split(list, ", ")); ok {
			hint = fmt.Sprintf("did you mean %s?", near)
		}
	}
	return d.bad(n.show(key), path, hint, "%s", veil(err.Error(), n.text, value))
}

// expanded returns a scalar's text with the environment filled in.
func (d *decoder) expanded(n *node, path string, key position) (string, bool) {
	value, problem := expand(n.text, d.env)
	if problem != "" {
		return "", d.bad(n.show(key), path, "", "%s", problem)
	}
	return value, true
}

// scalar decodes texts, numbers and booleans. A number or a boolean without
// quotes may stand where a text is wanted: an ID such as 4711.
func (d *decoder) scalar(n *node, v reflect.Value, path string, key position) bool {
	value, ok := d.expanded(n, path, key)
	if !ok {
		return false
	}
	fromEnv := value != n.text
	switch v.Kind() {
	case reflect.String:
		if n.kind != kindText && (!n.plain || n.kind > kindText) {
			return d.wants(n, kindText, path, key)
		}
		v.SetString(value)
	case reflect.Bool:
		if n.kind != kindBool && !fromEnv || value != "true" && value != "false" {
			return d.bad(n.show(key), path, boolHint(n), "wanted true or false, got %s", n.kind)
		}
		v.SetBool(value == "true")
	case reflect.Int, reflect.Int64:
		return d.number(n, path, key, value, func() error {
			i, err := strconv.ParseInt(value, 10, v.Type().Bits())
			if err == nil {
				v.SetInt(i)
			}
			return err
		})
	case reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return d.number(n, path, key, value, func() error {
			i, err := strconv.ParseUint(value, 10, v.Type().Bits())
			if err == nil {
				v.SetUint(i)
			}
			return err
		})
	case reflect.Float64:
		return d.float(n, v, path, key)
	default:
		return d.bad(n.show(key), path, "", "cannot be set here")
	}
	return true
}

func boolHint(n *node) string {
	switch strings.ToLower(n.text) {
	case "true", "yes", "on", "1":
		return "write true"
	case "false", "no", "off", "0":
		return "write false"
	}
	return ""
}

func (d *decoder) number(n *node, path string, key position, value string, parse func() error) bool {
	if n.kind != kindNumber && value == n.text {
		hint := ""
		if _, err := strconv.Atoi(value); err == nil {
			hint = "write it without quotes"
		}
		return d.bad(n.show(key), path, hint, "wanted a whole number, got %s", n.kind)
	}
	err := parse()
	switch {
	case err == nil:
		return true
	case errors.Is(err, strconv.ErrRange):
		return d.bad(n.show(key), path, "", "%s is too large for this setting", n.text)
	default:
		return d.bad(n.show(key), path, "", "wanted a whole number, got %s", n.text)
	}
}

// float decodes a number that need not be whole.
func (d *decoder) float(n *node, v reflect.Value, path string, key position) bool {
	value, ok := d.expanded(n, path, key)
	if !ok {
		return false
	}
	f, err := strconv.ParseFloat(value, 64)
	switch {
	case err != nil || math.IsNaN(f) || math.IsInf(f, 0):
		return d.bad(n.show(key), path, "", "wanted a number such as 2.5")
	case n.kind != kindNumber && value == n.text:
		return d.bad(n.show(key), path, "write it without quotes", "wanted a number, got %s", n.kind)
	}
	v.SetFloat(f)
	return true
}

// raw keeps a mapping as JSON.
func (d *decoder) raw(n *node, v reflect.Value, path string, key position) bool {
	if !d.wants(n, kindMapping, path, key) {
		return false
	}
	value, ok := d.plain(n, path, key)
	if !ok {
		return false
	}
	text, err := json.Marshal(value)
	if err != nil {
		return d.bad(n.show(key), path, "", "cannot be written as JSON: %v", err)
	}
	v.SetBytes(text)
	return true
}

// plain returns n as encoding/json knows it.
func (d *decoder) plain(n *node, path string, key position) (any, bool) {
	switch n.kind {
	case kindText:
		return d.expanded(n, path, key)
	case kindBool:
		return strings.ToLower(n.text) == "true", true
	case kindNumber:
		if !json.Valid([]byte(n.text)) {
			return nil, d.bad(n.show(key), path, "write it as a decimal number, or in quotes", "%s is not a number in JSON", n.text)
		}
		return json.Number(n.text), true
	case kindList:
		list, good := make([]any, len(n.items)), true
		for i, item := range n.items {
			v, ok := d.plain(item, fmt.Sprintf("%s[%d]", path, item.index), item.at)
			list[i], good = v, good && ok
		}
		return list, good
	case kindMapping:
		m, good := make(map[string]any, len(n.pairs)), true
		for _, p := range n.pairs {
			v, ok := d.plain(p.value, under(path, p.key), p.at)
			m[p.key], good = v, good && ok
		}
		return m, good
	default:
		return nil, true
	}
}
