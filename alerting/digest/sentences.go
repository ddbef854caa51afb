package digest

// forms are a sentence for one of something, and for any other number.
type forms = [2]string

// sentences is all that a digest can say in one language, by where it is said.
// Formats take their arguments in the order that the comment or the English
// text shows.
type sentences struct {
	Language string
	Months   [12]string
	Point    string // decimal mark

	measures
	topWords
	stepWords
	entryWords
	tableWords
	platformWords
	lossWords
	footWords
}

// measures are spans of time and counts.
type measures struct {
	FromTo, Between               string // start, end
	Days, Hours, Minutes, Seconds string // number
	OneDay                        string
	About, AtLeast                string // span; number
	EndpointCount, MerchantCount  forms  // number
	EventCount                    forms  // likewise
	AttemptCount, ProbeCount      forms  // likewise
	NoAttempts, FailedOf          string
	FirstFailed                   forms // failed, of, ratio
}

// topWords are subject, headline and what stands below it.
type topWords struct {
	Tag, PlatformTag   string // what every subject begins with
	OK, Attention, Act string
	AllHealthy         forms  // endpoints
	SomeFailing        forms  // of them, all
	SomeAct            forms  // of them, all
	SomeLook           forms  // of them, all
	SomePassed         forms  // of them, all
	SomeUnseen         forms  // of them, all
	SomeThin           forms  // of them, all
	Thin               string // covered, of
	Early              string // since the window began
	HadIncidents       string // incidents
	WillLose, LastTry  forms  // events, time
	WorstRatio         forms  // ratio, limit; for one endpoint in all, and for several
	NoEndpoints        string
	SomePlanned        forms  // in planned work now, or all the time; all
	PlannedLine        string // times

	HealthTitle, SummaryTitle, PlatformTitle string // name; none for the platform
	SoFar                                    string // title, or window
	AlsoUTC                                  string // window
	Covered, CoveredSoFar                    string // covered, of
	NotCovered, NotCoveredSoFar              string
	StillRuns, MadeAt                        string // when it was told; when states were taken
	Unprobed                                 string
	Merged                                   string // windows
}

// stepWords are what to do.
type stepWords struct {
	ToDo       string // heading
	Also       string // further endpoints
	Advice     map[Advice]string
	Over       string            // since
	OverUntil  string            // between: nobody knows of later
	Again      string            // instead of Over
	OverBefore string            // what was counted
	OverPlain  string            // before what comes
	Was        map[Advice]string // of what is over: follows OverBefore or OverPlain; or of a part of the attempts

	DownNow, ProbesFailed string // what was counted
	Earlier               string // the fault that was met more often before what fails now
	Within, InTime        string // span: the {within} of an advice
	NoDelivery            string // its {so}
}

// entryWords are what is said of one endpoint.
type entryWords struct {
	Endpoints, MoreEndpoints                        string // heading; how many more
	States                                          map[string]string
	HadFailures, LittleData                         string // instead of a state
	Deliveries, Before, Limit, Available, Unwatched string
	Answers, AnswersAre, Answered                   string // AnswersAre: half, 95 %, 99 %, limit; Answered: how many, AnswersAre
	Failures, Certificate                           string
	Faults                                          map[string]string // of requests
	CertificateValid, CertificateEnded              string
	CertificateEnds, On, CertificateGood            string // in mid-sentence: date, left; date; date, left
	WhenFailed                                      string // label; what follows is joined
	WhenFirst, WhenMost, WhenLast                   string // between
	WhenFirstMost, WhenMostLast                     string // between: where two are the same
	WhenNoneSince, WhenNoneUntil                    string // the latter: time
	CertificateFaults                               map[string]string
	Strip, StripPart                                string // length of a step or StripPart, time of the first; number of parts, length of one
	Watched                                         string // ratio, time
	InMaintenance                                   string // instead of a state
	Planned, PlannedRow                             string // label; times
	PlannedAll, NeverWell                           string // instead of Unwatched
}

// tableWords are incidents, and the windows of a merged digest.
type tableWords struct {
	Incidents, Parts, Running, OursLabel, Ours            string
	Opened, Resolved, Severity, Title, Window, CoverLabel string
	VerdictLabel, FailingLabel, FirstLabel, More          string
	AvailableFor, DataFor, FailingAre                     string            // ratio; time; bad: in a line
	StillFails                                            string            // of an incident that was closed by hand
	IncidentIs, IncidentWas                               map[string]string // {name}; by the kind of a title
}

// platformWords are what the operators read.
type platformWords struct {
	PlatformOK, PlatformUnseen                                         string
	PlatformIncidents                                                  [4]string // number each: critical and open, others open, open without a critical one, critical and over
	PlatformFailing                                                    string    // endpoints
	ByShare, ByFailing                                                 string    // by what channels, and merchants, are sorted
	PlatformBroken                                                     [5]string // number each: endpoints newly broken, broken and recovered, channels over 1 %, certificates, letters
	WorstHead, BrokenHead, RecoveredHead, CertificateHead, ChannelHead string
	Merchant, Endpoint, Fault, At, Ends, Channel, EndpointsBad         string
	BadOf, EndpointsBadOf                                              string // bad, all; the same in a line
	DigestsLabel, DeadLabel, BacklogLabel                              string
	DigestsWere                                                        [5]string // number each: sent, skipped, suppressed, waiting, not delivered
	BacklogIs                                                          [3]string // number each: undelivered, at risk within 24 h, lost
	Watching                                                           string    // endpoints, merchants
	HaveLeft                                                           forms     // addresses that have unsubscribed
	LeftHead, Address                                                  string
}

// lossWords are the loss clock.
type lossWords struct {
	Waiting                           string // label
	WaitingSince                      forms  // events, oldest
	NextTry, NextTryLate, LongestWait string // time, time, span
	LossIs, LossLate                  forms  // {events} {when} {digests}
	LossOn, LossFrom, LossIn24        string // time; time; events
	LossFirst, LossFirstLate          string // time; the same where it has come
	BeforeNext                        string
	MoreDigests                       forms // number
	LostAre                           forms // events
	RetriesOverdue                    forms // number
}

// footWords are below every digest.
type footWords struct {
	Footer, WeeklyFooter, PlatformFooter string
	Modes                                map[string]string
	ChangeIt, Link                       string
	Leave                                string // what the link is called by which they end
}
