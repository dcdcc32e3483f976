"""The ground floor: it knows no feature and every feature may stand on it."""
