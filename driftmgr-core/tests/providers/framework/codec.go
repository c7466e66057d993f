package main

import (
	"encoding/json"
	"fmt"
	"math/big"

	"github.com/driftmgr/driftmgr/tests/providers/cloud"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// toObject writes a known value of the protocol as it stands in the cloud file: nulls and unknowns are absent,
// numbers keep all digits, a dynamic value carries its type.
func toObject(value tftypes.Value, kind tftypes.Type) (cloud.Object, error) {
	out, err := toJSON(value, kind)
	if err != nil {
		return nil, err
	}
	object, ok := out.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("expected an object, have %T", out)
	}
	return object, nil
}

func toJSON(value tftypes.Value, kind tftypes.Type) (any, error) {
	if value.IsNull() || !value.IsKnown() {
		return nil, nil
	}
	if kind.Is(tftypes.DynamicPseudoType) {
		inner, err := toJSON(value, value.Type())
		return map[string]any{"type": value.Type(), "value": inner}, err
	}
	switch t := kind.(type) {
	case tftypes.List:
		return elements(value, func(int) tftypes.Type { return t.ElementType })
	case tftypes.Set:
		return elements(value, func(int) tftypes.Type { return t.ElementType })
	case tftypes.Tuple:
		return elements(value, func(i int) tftypes.Type { return t.ElementTypes[i] })
	case tftypes.Map:
		return members(value, func(string) tftypes.Type { return t.ElementType })
	case tftypes.Object:
		return members(value, func(name string) tftypes.Type { return t.AttributeTypes[name] })
	}
	return primitive(value, kind)
}

func primitive(value tftypes.Value, kind tftypes.Type) (any, error) {
	switch {
	case kind.Is(tftypes.String):
		var text string
		err := value.As(&text)
		return text, err
	case kind.Is(tftypes.Bool):
		var yes bool
		err := value.As(&yes)
		return yes, err
	case kind.Is(tftypes.Number):
		number := new(big.Float)
		err := value.As(&number)
		// Digits are easier to edit than exponents, unless there are hundreds of them.
		if exponent := number.MantExp(nil); exponent > -200 && exponent < 200 {
			return json.Number(number.Text('f', -1)), err
		}
		return json.Number(number.Text('g', -1)), err
	}
	return nil, fmt.Errorf("no JSON for %s", kind)
}

func elements(value tftypes.Value, kind func(int) tftypes.Type) (any, error) {
	var parts []tftypes.Value
	if err := value.As(&parts); err != nil {
		return nil, err
	}
	out := make([]any, len(parts))
	for i, part := range parts {
		var err error
		if out[i], err = toJSON(part, kind(i)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func members(value tftypes.Value, kind func(string) tftypes.Type) (any, error) {
	var parts map[string]tftypes.Value
	if err := value.As(&parts); err != nil {
		return nil, err
	}
	out := map[string]any{}
	for name, part := range parts {
		member, err := toJSON(part, kind(name))
		if err != nil {
			return nil, err
		}
		if member != nil {
			out[name] = member
		}
	}
	return out, nil
}

// fromObject is the way back; absent attributes become null, misspelt ones are an error.
func fromObject(object cloud.Object, kind tftypes.Type) (tftypes.Value, error) {
	attributes := map[string]any{}
	for name, value := range object {
		if name != cloud.FaultKey {
			attributes[name] = value
		}
	}
	text, err := json.Marshal(attributes)
	if err != nil {
		return tftypes.Value{}, err
	}
	return (&tfprotov6.RawState{JSON: text}).Unmarshal(kind)
}
