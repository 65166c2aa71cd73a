# How long something takes. A wait has two of them at most.
wait-days = { $count ->
    [one] { $count } day
   *[other] { $count } days
}
wait-hours = { $count ->
    [one] { $count } hour
   *[other] { $count } hours
}
wait-minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
}
wait-seconds = { $count ->
    [one] { $count } second
   *[other] { $count } seconds
}
wait-and = { $first } and { $second }
