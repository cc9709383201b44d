savings (90, current 110|110, current 90)
