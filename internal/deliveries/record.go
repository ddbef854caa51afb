package deliveries

// field is one field of a record that we know.
type field int

// The fields: texts first, in the order of Attempt.
const (
	fieldSource field = iota
	fieldID
	fieldMerchant
	fieldEndpoint
	fieldURL
	fieldEvent
	fieldType
	fieldProduct
	fieldChannel
	fieldKey
	fieldActor
	fieldError
	fieldTrigger
	fieldMode
	fieldOccurredAt
	fieldCreatedAt
	fieldExpiresAt
	fieldStartedAt
	fieldVersion
	fieldDuration
	fieldNumber
	fieldStatus
	fieldCount

	fieldNone field = -1
	textCount       = fieldError + 1
)

// fieldNames are the names on the wire.
var fieldNames = [fieldCount]string{
	fieldSource: "source", fieldID: "id", fieldMerchant: "merchant", fieldEndpoint: "endpoint", fieldURL: "url",
	fieldEvent: "event", fieldType: "type", fieldProduct: "product", fieldChannel: "channel", fieldKey: "key",
	fieldActor: "actor", fieldError: "error", fieldTrigger: "trigger", fieldMode: "mode",
	fieldOccurredAt: "occurred_at", fieldCreatedAt: "created_at", fieldExpiresAt: "expires_at", fieldStartedAt: "started_at",
	fieldVersion: "v", fieldDuration: "duration_ms", fieldNumber: "attempt", fieldStatus: "status",
}

func (f field) String() string { return fieldNames[f] }

// fieldOf returns the field of a name, fieldNone for one that we do not know.
// Case matters.
func fieldOf(name []byte) field {
	switch string(name) { // a switch costs a third of a map
	case "source":
		return fieldSource
	case "id":
		return fieldID
	case "merchant":
		return fieldMerchant
	case "endpoint":
		return fieldEndpoint
	case "url":
		return fieldURL
	case "event":
		return fieldEvent
	case "type":
		return fieldType
	case "product":
		return fieldProduct
	case "channel":
		return fieldChannel
	case "key":
		return fieldKey
	case "actor":
		return fieldActor
	case "error":
		return fieldError
	case "trigger":
		return fieldTrigger
	case "mode":
		return fieldMode
	default:
		return fieldOfNumber(name)
	}
}

// fieldOfNumber goes on with the times and numbers.
func fieldOfNumber(name []byte) field {
	switch string(name) {
	case "started_at":
		return fieldStartedAt
	case "duration_ms":
		return fieldDuration
	case "status":
		return fieldStatus
	case "attempt":
		return fieldNumber
	case "v":
		return fieldVersion
	case "occurred_at":
		return fieldOccurredAt
	case "created_at":
		return fieldCreatedAt
	case "expires_at":
		return fieldExpiresAt
	default:
		return fieldNone
	}
}

// shape is what a JSON value is. The zero value is an absent field; null is
// the same.
type shape uint8

const (
	shapeAbsent shape = iota
	shapeString
	shapeNumber
	shapeBool
	shapeObject
	shapeArray
)

// shapeOf tells the shape of a valid JSON value by its first byte.
func shapeOf(first byte) shape {
	switch first {
	case '"':
		return shapeString
	case '{':
		return shapeObject
	case '[':
		return shapeArray
	case 't', 'f':
		return shapeBool
	case 'n':
		return shapeAbsent
	default:
		return shapeNumber
	}
}

func (s shape) String() string {
	return [...]string{"null", "a string", "a number", "a boolean", "an object", "an array"}[s]
}

// value is what stands in a field: the contents of a string, the digits of a
// number, nothing for the other shapes. It may point into the input.
type value struct {
	shape shape
	text  []byte
}

// record is one record as it was written: the fields that we know, and of
// each the last.
type record [fieldCount]value
