module promokit.test/lab/actor

go 1.26.0
