module {{name}}

go 1.25

require procession v0.0.0

replace procession => ./procession/sdk/go
