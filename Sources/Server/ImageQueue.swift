// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import DMDKit
import Foundation
import HTTPTypes

/// Makes images, one batch at a time. Requests that come meanwhile wait in line, up to a limit; those that can go through the
/// network together with the first in line do so.
actor ImageQueue {
    /// What came of a request.
    struct Made: Sendable {
        /// PNG files, a list for each of the requests.
        let images: [[Data]]
        /// Evaluations of the network for an image.
        let evaluations: Int
        /// How long the batch took that they were made in.
        let seconds: Double
        /// What should be known of them, in sentences.
        let warnings: [String]
    }

    private struct Ticket {
        let number: Int
        let model: ImageModel
        let requests: [ImageRequest]
        let answer: CheckedContinuation<Made, any Error>

        var imageCount: Int { requests.reduce(0) { $0 + $1.count } }
    }

    private let limit: Int
    private let compute: ComputeSettings
    private static let largestBatch = 64

    private var waiting: [Ticket] = []
    private var running: [Ticket] = []
    private var work: Task<MakeImages.Output, any Error>?
    private var isWorking = false
    private var lastNumber = 0
    private var usualSeconds = 0.0

    /// - Parameter limit: how many requests may wait.
    init(limit: Int, compute: ComputeSettings) { (self.limit, self.compute) = (limit, compute) }

    /// How many requests are in work, and how many wait.
    var load: (running: Int, waiting: Int) { (running.count, waiting.count) }

    /// Makes images by one model, in one way. If the task is cancelled, the request leaves the line, or its work ends.
    ///
    /// - Throws: ``ServerError`` if too many wait; what the work throws.
    func images(_ requests: [ImageRequest], by model: ImageModel) async throws -> Made {
        guard waiting.count < limit else {
            let seconds = max(1, Int((usualSeconds * Double(limit)).rounded(.up)))
            throw ServerError(
                .serviceUnavailable,
                "\(limit) requests wait already: try again in \(seconds) s.", code: "queue_full",
                retryAfter: seconds)
        }
        lastNumber += 1
        let number = lastNumber
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { answer in
                waiting.append(Ticket(number: number, model: model, requests: requests, answer: answer))
                guard !isWorking else { return }
                isWorking = true
                Task { await workOff() }
            }
        } onCancel: {
            Task { await self.cancel(number) }
        }
    }

    private func cancel(_ number: Int) {
        for ticket in waiting + running where ticket.number == number {
            ticket.answer.resume(throwing: CancellationError())
        }
        waiting.removeAll { $0.number == number }
        running.removeAll { $0.number == number }
        if running.isEmpty { work?.cancel() }
    }

    private func workOff() async {
        while let model = takeBatch() {
            let task = Task { [compute, requests = running.flatMap(\.requests)] in
                try await MakeImages(requests, by: model, compute: compute).result()
            }
            let batch = running.map { (number: $0.number, count: $0.requests.count) }
            work = task
            let result = await task.result
            work = nil
            var first = 0
            for part in batch {
                defer { first += part.count }
                // Whoever has gone meanwhile has its answer.
                guard let ticket = running.first(where: { $0.number == part.number }) else { continue }
                ticket.answer.resume(
                    with: result.map { output in
                        Made(
                            images: Array(output.images[first..<first + part.count]),
                            evaluations: output.evaluations, seconds: output.seconds,
                            warnings: output.warnings)
                    })
            }
            if let seconds = try? result.get().seconds { usualSeconds = 0.8 * usualSeconds + 0.2 * seconds }
            running = []
        }
        isWorking = false
    }

    /// Moves the first in line, and what goes with it, to work.
    private func takeBatch() -> ImageModel? {
        guard let first = waiting.first else { return nil }
        var count = 0
        let taken = waiting.filter { ticket in
            let fits = count == 0 || count + ticket.imageCount <= Self.largestBatch
            guard ticket.model === first.model, fits, let request = ticket.requests.first,
                first.requests.first.map({ first.model.canJoin($0, request) }) ?? false
            else { return false }
            count += ticket.imageCount
            return true
        }
        let numbers = Set(taken.map(\.number))
        waiting.removeAll { numbers.contains($0.number) }
        running = taken
        return first.model
    }
}
