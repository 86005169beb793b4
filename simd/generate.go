package simd

//go:generate go run ./internal/gen -family gemm -out internal/kernel/gemm_amd64.s -stubs internal/kernel/gemm_amd64.go -pkg kernel
//go:generate go run ./internal/gen -family pack -out internal/kernel/pack_amd64.s -stubs internal/kernel/pack_amd64.go -pkg kernel
//go:generate go run ./internal/gen -family elementwise -out internal/kernel/elementwise_amd64.s -stubs internal/kernel/elementwise_amd64.go -pkg kernel
//go:generate go run ./internal/gen -family function -out internal/kernel/function_amd64.s -stubs internal/kernel/function_amd64.go -pkg kernel
