import BenchService

try await BenchService.serve()
