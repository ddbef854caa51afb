package digest

// forms are a sentence for one of something, and for any other number.
type forms = [2]string

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
	AllHealthy         forms  // endpoints
	SomeFailing        forms  // of them, all
	SomeAct            forms  // of them, all
	SomeLook           forms  // of them, all
	SomePassed         forms  // of them, all
	SomeUnseen         forms  // of them, all
	HadIncidents       string // incidents
	WillLose, LastTry  forms  // events, time
	NoEndpoints        string
	PlatformOK         string
	PlatformUnseen     string
	PlatformBroken     [4]string // number each: endpoints newly broken, channels over 1 %, certificates, letters

	HealthTitle, SummaryTitle, PlatformTitle string // name; none for the platform
	AlsoUTC                                  string // window
	Covered                                  string // covered, of
	NotCovered                               string
	Merged                                   string // windows
	Until                                    string // when the state was taken

	ToDo        string // heading
	Also        string // further endpoints
	FirstFailed forms  // failed, of, ratio
	Advice      map[Advice]string
	Over        string            // since
	OverBefore  string            // what was counted
	OverPlain   string            // before what comes
	Was         map[Advice]string // of what is over: follows OverBefore or OverPlain

	Endpoints, MoreEndpoints                        string // heading; how many more
	States                                          map[string]string
	Deliveries, Before, Limit, Available, Unwatched string
	Answers, AnswersAre, Failures, Certificate      string // AnswersAre: half, 95 %, 99 %, limit
	CertificateValid, CertificateEnded              string
	CertificateEnds, On, CertificateGood            string // in mid-sentence: date, left; date; date, left
	LastFailure, BeforeTime                         string // label; time
	Strip                                           string // length of a step, time of the first
	None, NoAttempts, FailedOf                      string
	Counted                                         string // attempts, probes
	Watched                                         string // ratio, time

	Incidents, Parts, Running, OursLabel, Ours            string
	Opened, Resolved, Severity, Title, Window, CoverLabel string
	VerdictLabel, FailingLabel, FirstLabel, More          string

	WorstHead, BrokenHead, RecoveredHead, CertificateHead, ChannelHead string
	Merchant, Endpoint, Fault, At, Ends, Channel, EndpointsBad         string
	BadOf                                                              string    // bad, all
	EndpointsBadOf, FailingAre                                         string    // bad, all; bad: in a line
	AvailableFor, DataFor                                              string    // ratio; time: in a line
	DigestsLabel, DeadLabel, BacklogLabel                              string    //
	DigestsWere                                                        [5]string // number each: sent, skipped, suppressed, waiting, not delivered
	BacklogIs                                                          [3]string // number each: undelivered, at risk within 24 h, lost
	Watching                                                           string    // endpoints, merchants
	EndpointCount, MerchantCount, EventCount                           forms     // number
	AtLeast                                                            string    // number

	Waiting                           string // label
	WaitingSince                      forms  // events, oldest
	NextTry, NextTryLate, LongestWait string // time, time, span
	LossIs, LossLate                  forms  // {events} {when} {digests}
	LossOn, LossFrom, LossIn24        string // time; time; events
	BeforeNext                        string
	MoreDigests                       forms // number
	LostAre                           forms // events
	RetriesOverdue                    forms // number

	Footer, WeeklyFooter, PlatformFooter string
	Modes                                map[string]string
	ChangeIt, Link                       string
}
