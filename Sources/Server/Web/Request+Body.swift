// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import DMDKit
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// How much of a body is read, and for how long.
struct BodyLimits: Sendable {
    let size: Int
    let time: Duration
}

extension Request {
    /// The body as a value.
    ///
    /// - Throws: ``ServerError`` if it is too large, or takes too long; `DecodingError`.
    mutating func value<Value: Decodable>(as type: Value.Type = Value.self, _ limits: BodyLimits) async throws
        -> Value
    {
        if let length = headers[.contentLength].flatMap({ Int($0) }), length > limits.size {
            throw ServerError.tooLarge
        }
        let body = body
        let buffer = try await withThrowingTaskGroup(of: ByteBuffer.self) { group in
            group.addTask { try await body.collect(upTo: limits.size) }
            group.addTask {
                try await Task.sleep(for: limits.time)
                throw ServerError(.requestTimeout, "The body took too long to arrive.")
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw CancellationError() }
            return first
        }
        self.body = RequestBody(buffer: buffer)
        return try JSONDecoder().decode(Value.self, from: Data(buffer.readableBytesView))
    }

    /// The request as one that has no body, or none any more.
    var withoutBody: Request {
        var request = self
        request.body = RequestBody(buffer: ByteBuffer())
        return request
    }

    /// Does some work, which is cancelled when the client goes away; the connection ends after it. To be called once the body was read,
    /// or for a request ``withoutBody``: Hummingbird stops the program if the work ends before the body did.
    func whileConnected<Value: Sendable>(
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try await body.consumeWithCancellationOnInboundClose { _ in try await work() }
    }
}

extension Response {
    /// Says that the connection ends with this answer, as it does after `whileConnected(_:)`.
    var closing: Response {
        var response = self
        response.headers[.connection] = "close"
        return response
    }
}
