// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import DMDKit
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle
import Synchronization

/// Runs, by their number in the list: how they go, as events; their recipes and pictures; and a way to stop them.
struct RunRoutes: Sendable {
    let runs: [RunView]
    let bodies: BodyLimits
    private let streams = Streams()
    private static let mostStreams = 32

    /// How many clients hear events.
    private final class Streams: Sendable {
        let count = Mutex(0)
    }

    init(runs: [RunView], bodies: BodyLimits) { (self.runs, self.bodies) = (runs, bodies) }

    func addRoutes(to router: Router<BasicRequestContext>) {
        let api = router.group("api/runs")
        api.get("events") { request, _ in try events(request) }
        api.get(":run/recipe") { _, context in Response(text: try run(context).recipe) }
        api.get(":run/pictures/:name") { _, context in
            guard let png = try run(context).picture(named: try context.parameters.require("name")) else {
                throw ServerError(.notFound, "The run has no such picture.", code: "not_found")
            }
            return Response(png: png)
        }
        api.post(":run/stop") { request, context in
            var request = request
            let _: Nothing = try await request.value(bodies)
            return Response(json: ["process": Int(try run(context).stop())])
        }
    }

    private struct Nothing: Decodable {}

    private func run(_ context: BasicRequestContext) throws -> RunView {
        let number = Int(try context.parameters.require("run"))
        guard let number, runs.indices.contains(number) else {
            throw ServerError(.notFound, "There is no such run.", code: "not_found")
        }
        return runs[number]
    }

    /// All runs in one stream, since browsers open few connections to a server. It goes on where `Last-Event-ID` says.
    private func events(_ request: Request) throws -> Response {
        guard streams.count.withLock({ $0 < Self.mostStreams }) else {
            throw ServerError(
                .serviceUnavailable, "Too many pages watch runs already: close one.", code: "queue_full",
                retryAfter: 10)
        }
        let name = HTTPField.Name("Last-Event-ID")
        let start =
            name.flatMap { request.headers[$0] } ?? request.uri.queryParameters["after"].map(String.init)
        let body = ResponseBody { [runs, streams] writer in
            // Not before, for the body of an answer to HEAD is never written.
            streams.count.withLock { $0 += 1 }
            defer { streams.count.withLock { $0 -= 1 } }
            let (ticks, ticking) = Self.ticks()
            try await withGracefulShutdownHandler {
                try await request.withoutBody.body.consumeWithInboundCloseHandler { _ in
                    var feed = RunFeed(runs, after: start)
                    try await writer.write(ByteBuffer(string: "retry: 1000\n\n"))
                    for await _ in ticks {
                        for event in feed.next() { try await writer.write(ByteBuffer(string: event)) }
                    }
                } onInboundClosed: {
                    ticking.cancel()
                }
            } onGracefulShutdown: {
                ticking.cancel()
            }
            try await writer.finish(nil)
        }
        return Response(
            status: .ok, headers: [.contentType: "text/event-stream", .connection: "close"], body: body)
    }

    /// Twice a second, until the task is cancelled.
    private static func ticks() -> (AsyncStream<Void>, Task<Void, Never>) {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let task = Task {
            while !Task.isCancelled {
                continuation.yield()
                try? await Task.sleep(for: .milliseconds(500))
            }
            continuation.finish()
        }
        return (stream, task)
    }
}
