package simd

//go:generate go run ./internal/gen -family gemm -out internal/kernel/gemm_amd64.s -stubs internal/kernel/gemm_amd64.go -pkg kernel
//go:generate go run ./internal/gen -family pack -out internal/kernel/pack_amd64.s -stubs internal/kernel/pack_amd64.go -pkg kernel
//go:generate go run ./internal/gen -family bf16 -out internal/kernel/bf16_amd64.s -stubs internal/kernel/bf16_amd64.go -pkg kernel
//go:generate go run ./internal/gen -family elementwise -out internal/kernel/elementwise_amd64.s -stubs internal/kernel/elementwise_amd64.go -pkg kernel
//go:generate go run ./internal/gen -family function -out internal/kernel/function_amd64.s -stubs internal/kernel/function_amd64.go -pkg kernel
//go:generate go run ./internal/gen -family gelu -out internal/kernel/gelu_amd64.s -stubs internal/kernel/gelu_amd64.go -pkg kernel
//go:generate go run ./internal/gen -family softmax -out internal/kernel/softmax_amd64.s -stubs internal/kernel/softmax_amd64.go -pkg kernel
//go:generate go run ./internal/gen -family attention -out internal/kernel/attention_amd64.s -stubs internal/kernel/attention_amd64.go -pkg kernel
//go:generate go run ./internal/gen -family layernorm -out internal/kernel/layernorm_amd64.s -stubs internal/kernel/layernorm_amd64.go -pkg kernel
//go:generate go run ./internal/gen -family adamw -out internal/kernel/adamw_amd64.s -stubs internal/kernel/adamw_amd64.go -pkg kernel
//go:generate go run ./internal/gen -family reduce -out internal/kernel/reduce_amd64.s -stubs internal/kernel/reduce_amd64.go -pkg kernel
//go:generate go run ./internal/gen -family loss -out internal/kernel/loss_amd64.s -stubs internal/kernel/loss_amd64.go -pkg kernel
//go:generate go run ./internal/gen -family peak -out internal/kernel/peak_amd64.s -stubs internal/kernel/peak_amd64.go -pkg kernel
