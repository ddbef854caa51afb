package digest

// sentences is all that a digest can say in one language. Formats take their
// arguments in the order that the comment or the English text shows.
type sentences struct {
	Language string
	Months   [12]string
	Point    string // decimal mark

	FromTo                        string // start, end
	Days, Hours, Minutes, Seconds string // number
	OneDay                        string

	Tag, PlatformTag   string // what every subject begins with
	OK, Attention, Act string
	AllHealthy         string // endpoints
	SomeFailing        string // of them, all
	SomeAct            string // of them, all
	SomeLook           string // of them, all
	SomeUnseen         string // of them, all
	HadIncidents       string // incidents
	NoEndpoints        string
	PlatformOK         string
	PlatformUnseen     string
	PlatformBroken     string // endpoints newly broken, channels over 1 %, letters

	HealthTitle, SummaryTitle, PlatformTitle string // name; none for the platform
	AlsoUTC                                  string // window
	Covered                                  string // covered, of
	NotCovered                               string
	Merged                                   string // windows
	Until                                    string // when the state was taken

	ToDo        string // heading
	Also        string // further endpoints
	FirstFailed string // failed, of, ratio
	Advice      map[Advice]string

	Endpoints, MoreEndpoints                        string // heading; how many more
	States                                          map[string]string
	Deliveries, Before, Limit, Available, Unwatched string
	Answers, AnswersAre, Failures, Certificate      string // AnswersAre: half, 95 %, 99 %, limit
	CertificateValid, CertificateEnded              string
	CertificateEnds, On                             string // in mid-sentence: date, left; date
	Strip                                           string // length of a step, time of the first
	None, NoAttempts, FailedOf                      string
	Counted                                         string // attempts, probes
	Watched                                         string // ratio, time

	Incidents, Parts, Running, OursLabel, Ours            string
	Opened, Resolved, Severity, Title, Window, CoverLabel string
	VerdictLabel, FailingLabel, FirstLabel, More          string

	WorstHead, BrokenHead, RecoveredHead, CertificateHead, ChannelHead string
	Merchant, Endpoint, Fault, At, Ends, Channel, EndpointsBad         string
	BadOf                                                              string // bad, all
	DigestsLabel, DigestsWere, DeadLabel                               string
	Watching                                                           string // endpoints, merchants

	Footer, WeeklyFooter, PlatformFooter string
	Modes                                map[string]string
	ChangeIt, Link                       string
}
