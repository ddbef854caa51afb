package slack

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/hookvigil/hookvigil/alerting"
)

// Role says what a person may do from Slack. The zero Role may do nothing.
type Role string

// The roles, least first; each may do what the one before it may. To
// acknowledge and to silence needs an operator.
const (
	RoleViewer   Role = "viewer"
	RoleOperator Role = "operator"
	RoleAdmin    Role = "admin"
)

// Roles returns the closed set, least first.
func Roles() []Role { return []Role{RoleViewer, RoleOperator, RoleAdmin} }

// acts reports whether a person with that role may press a button.
func (r Role) acts() bool { return r == RoleOperator || r == RoleAdmin }

// User is a person of Slack as we know them.
type User struct {
	Name string // stands in the timeline; 1 to 80 characters
	Role Role
}

const maxName = 80 // characters

var userID = regexp.MustCompile(`^[UW][A-Z0-9]{2,30}$`)

// buttonFaults looks at what buttons need.
func (c Config) buttonFaults() []error {
	var faults []error
	for _, s := range []struct{ key, value string }{{"signing_secret", c.SigningSecret.Reveal()}, {"app_token", c.AppToken.Reveal()}} {
		if s.value != "" && c.Token == "" {
			faults = append(faults, fmt.Errorf("%s: set without a token; leave it out: what an incoming webhook posts has no buttons", s.key))
		}
	}
	if c.SigningSecret != "" {
		faults = append(faults, signingFault(c.SigningSecret.Reveal()))
	}
	if c.AppToken != "" {
		faults = append(faults, appTokenFault(c.AppToken.Reveal()))
	}
	if len(c.Users) > 0 && c.SigningSecret == "" && c.AppToken == "" {
		faults = append(faults, errors.New("users: set, but nothing that they press arrives; want signing_secret_file (interactions by HTTP) or app_token_file (Socket Mode)"))
	}
	for _, id := range slices.Sorted(maps.Keys(c.Users)) {
		faults = append(faults, userFaults(id, c.Users[id])...)
	}
	return faults
}

func userFaults(id string, u User) []error {
	var faults []error
	key := "users." + alerting.Line(id, maxName)
	if !userID.MatchString(id) {
		faults = append(faults, fmt.Errorf("%s: is no ID of a person in Slack; want one such as U0123ABCD: it stands in the person's profile, under Copy member ID", key))
	}
	if u.Name == "" || alerting.Line(u.Name, maxName) != u.Name {
		faults = append(faults, fmt.Errorf("%s.name: %q is no name; want 1 to %d characters on one line: it stands in the timeline", key, alerting.Line(u.Name, maxName), maxName))
	}
	if !slices.Contains(Roles(), u.Role) {
		faults = append(faults, fmt.Errorf("%s.role: %q is no role; want viewer, operator or admin", key, alerting.Line(string(u.Role), maxName)))
	}
	return faults
}

// minSigning is less than what Slack gives out (32 characters), and more than
// can be guessed.
const minSigning = 16

func signingFault(secret string) error {
	switch {
	case badSecret(secret):
		return errors.New("signing_secret: holds white space, a control character or one that is not ASCII; want the secret alone, without a line break")
	case strings.HasPrefix(secret, "xoxb-"), strings.HasPrefix(secret, "xapp-"):
		return errors.New("signing_secret: is a token; want the signing secret, which stands with the app's credentials")
	case len(secret) < minSigning:
		return fmt.Errorf("signing_secret: is shorter than %d characters; want the signing secret, which stands with the app's credentials", minSigning)
	default:
		return nil
	}
}

func appTokenFault(token string) error {
	switch {
	case badSecret(token):
		return errors.New("app_token: holds white space, a control character or one that is not ASCII; want the token alone, without a line break")
	case !strings.HasPrefix(token, "xapp-"):
		return errors.New("app_token: is no app-level token; want xapp-..., with the scope connections:write")
	default:
		return nil
	}
}

func badSecret(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}
