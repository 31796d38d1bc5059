package attack

import (
	"google.golang.org/protobuf/encoding/protowire"
)

// The fields of ServerReflectionRequest that ask something (github.com/grpc/grpc-proto,
// grpc/reflection/v1/reflection.proto; those of v1alpha are the same).
const (
	fileByFilename       protowire.Number = 3
	fileContainingSymbol protowire.Number = 4
	listServices         protowire.Number = 7
)

// question is a ServerReflectionRequest.
type question struct {
	field protowire.Number
	of    string
}

func (q question) encode() []byte {
	return protowire.AppendString(protowire.AppendTag(nil, q.field, protowire.BytesType), q.of)
}

// reflected is a ServerReflectionResponse.
type reflected struct {
	// files are FileDescriptorProtos, as they came.
	files    [][]byte
	services []string
	// failed tells that there is nothing of what was asked for, and code why.
	failed bool
	code   uint64
}

// parseReflected reads what the fields of ServerReflectionResponse say (likewise).
func parseReflected(message []byte) (*reflected, error) {
	const (
		fileDescriptorResponse = 4
		listServicesResponse   = 6
		errorResponse          = 7

		fileDescriptorProto = 1 // of FileDescriptorResponse
		serviceResponse     = 1 // of ListServiceResponse
		serviceName         = 1 // of ServiceResponse
		errorCode           = 1 // of ErrorResponse
	)
	answer := &reflected{}
	take := map[protowire.Number]func(field) error{
		fileDescriptorResponse: func(files field) error {
			return files.each(fileDescriptorProto, func(file field) error {
				answer.files = append(answer.files, file.bytes)
				return nil
			})
		},
		listServicesResponse: func(list field) error {
			return list.each(serviceResponse, func(service field) error {
				return service.each(serviceName, func(name field) error {
					answer.services = append(answer.services, string(name.bytes))
					return nil
				})
			})
		},
		errorResponse: func(failure field) error {
			answer.failed = true
			return failure.each(errorCode, func(code field) error {
				answer.code = code.number
				return nil
			})
		},
	}
	for number, read := range take {
		if err := (field{bytes: message}).each(number, read); err != nil {
			return nil, err
		}
	}
	return answer, nil
}

// field is the value of a field on the wire: a number, or the bytes of a text or a message.
type field struct {
	bytes  []byte
	number uint64
}

// each gives the fields of that number of the message that f is, in their order.
func (f field) each(number protowire.Number, take func(field) error) error {
	for rest := f.bytes; len(rest) > 0; {
		n, kind, size := protowire.ConsumeTag(rest)
		if size < 0 {
			return protowire.ParseError(size)
		}
		rest = rest[size:]
		var value field
		switch kind {
		case protowire.BytesType:
			value.bytes, size = protowire.ConsumeBytes(rest)
		case protowire.VarintType:
			value.number, size = protowire.ConsumeVarint(rest)
		default:
			size = protowire.ConsumeFieldValue(n, kind, rest)
		}
		if size < 0 {
			return protowire.ParseError(size)
		}
		rest = rest[size:]
		if n == number {
			if err := take(value); err != nil {
				return err
			}
		}
	}
	return nil
}
