package api

import "testing"

func TestRolesAreALadderAndIngestStandsBeside(t *testing.T) {
	t.Parallel()
	may := map[Role][]Role{ // need -> who may
		"":           {},
		"unheard of": {},
		RoleViewer:   {RoleViewer, RoleOperator, RoleAdmin},
		RoleOperator: {RoleOperator, RoleAdmin},
		RoleAdmin:    {RoleAdmin},
		RoleIngest:   {RoleIngest, RoleAdmin},
	}
	for need, who := range may {
		allowed := map[Role]bool{}
		for _, r := range who {
			allowed[r] = true
		}
		for _, r := range append(Roles(), "", "unheard of") {
			if got := r.may(need); got != allowed[r] {
				t.Errorf("role %q where %q is needed: %t, want %t", r, need, got, allowed[r])
			}
		}
	}
}

func TestNobodySeesNothing(t *testing.T) {
	t.Parallel()
	if c := callerOf(t.Context()); c.sees("own") || c.role.may(RoleViewer) {
		t.Errorf("without a caller: %+v sees a merchant", c)
	}
}
