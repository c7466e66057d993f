o = {
  name = 5
  tags = { a = 1, b = true }
}
l = ["1", 2]
s = ["b", "a", "b"]
untyped = { x = [1, "two"] }
t = [1, "true"]
