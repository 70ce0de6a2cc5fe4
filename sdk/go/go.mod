module procession

go 1.25
