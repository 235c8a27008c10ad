import BenchService
import Foundation

// Keeps Foundation in, as a service that encodes and formats dates does.
_ = try JSONEncoder().encode([Date.now.formatted()])
try await BenchService.serve()
