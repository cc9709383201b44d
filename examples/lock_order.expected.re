nothing to tell
threadwise: lock order: 2 locks are taken in both orders, and may deadlock
  "ada" [(]ident [0-9]+[)] held Lock 0x[0-9a-f]+, taken at .*lock_order[.]cpp:16 [(]transfer[)],
    and took Lock 0x[0-9a-f]+ at .*lock_order[.]cpp:17 [(]transfer[)]
  "bob" [(]ident [0-9]+[)] held Lock 0x[0-9a-f]+, taken at .*lock_order[.]cpp:16 [(]transfer[)],
    and took Lock 0x[0-9a-f]+ at .*lock_order[.]cpp:17 [(]transfer[)]
savings 100, current 100
