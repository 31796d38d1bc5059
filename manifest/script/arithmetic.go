package script

import (
	"math"
	"strconv"

	"mvdan.cc/sh/v3/syntax"
)

// number evaluates an arithmetic expansion, as far as it is the same in all shells (POSIX,
// 2.6.4): whole decimal numbers, variables that hold one, signs, + - * / % and parentheses.
func (s *scope) number(expression syntax.ArithmExpr) (int64, bool) {
	switch x := expression.(type) {
	case *syntax.Word:
		text, known, _ := s.value(x)
		if value, isName := s.variables[text]; isName && x.Lit() == text {
			text = value
		}
		n, err := strconv.ParseInt(text, 10, 32)
		// What begins with 0 is octal.
		return n, known && err == nil && strconv.FormatInt(n, 10) == text
	case *syntax.ParenArithm:
		return s.number(x.X)
	case *syntax.UnaryArithm:
		n, known := s.number(x.X)
		switch x.Op {
		case syntax.Minus:
			return -n, known
		case syntax.Plus:
			return n, known
		}
		return 0, false
	case *syntax.BinaryArithm:
		a, knownA := s.number(x.X)
		b, knownB := s.number(x.Y)
		n, whole := calculated(x.Op, a, b)
		return n, knownA && knownB && whole
	default:
		return 0, false
	}
}

// calculated is not sure of what divides by zero, or leaves 32 bits.
func calculated(op syntax.BinAritOperator, a, b int64) (n int64, sure bool) {
	switch {
	case op == syntax.Add:
		n = a + b
	case op == syntax.Sub:
		n = a - b
	case op == syntax.Mul:
		n = a * b
	case op == syntax.Quo && b != 0:
		n = a / b
	case op == syntax.Rem && b != 0:
		n = a % b
	default:
		return 0, false
	}
	return n, n >= math.MinInt32 && n <= math.MaxInt32
}
