"""The availability editor: hours, days that differ and rules, beside what students see of them."""
