// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import DMDKit
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// Who may come in. A browser sends requests to this machine for whatever page it shows, so that
///
/// - the name in `Host` must be one of this machine's own, since a page of another name that points here (DNS rebinding) has the
///   browser's leave to read the answers;
/// - what changes or costs anything must be JSON, and its `Origin`, if there is one, this server's own page;
/// - from anywhere but this machine a token must be shown.
struct Gate: RouterMiddleware {
    typealias Context = BasicRequestContext

    private let settings: ServerSettings
    private let names: Set<String>
    private var cookieName: String { "dmd-token-\(settings.port)" }

    init(_ settings: ServerSettings) {
        self.settings = settings
        let machine = ProcessInfo.processInfo.hostName.lowercased()
        names =
            settings.isLoopback
            ? ["localhost"] : ["localhost", settings.host.lowercased(), machine, "\(machine).local"]
    }

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        try checkHost(request.head.authority)
        if ![.get, .head].contains(request.method) { try checkWriting(request) }
        if let token = settings.token, !isOpen(request) {
            if request.method == .get, request.uri.path == "/",
                let given = request.uri.queryParameters["token"]
            {
                guard isSame(String(given), token) else { throw Self.wrongToken }
                return Response(
                    status: .seeOther,
                    headers: [
                        .location: "/",
                        .setCookie: "\(cookieName)=\(token); HttpOnly; SameSite=Strict; Path=/",
                    ])
            }
            guard shown(by: request).contains(where: { isSame($0, token) }) else { throw Self.wrongToken }
        }
        return try await next(request, context)
    }

    private static let wrongToken = ServerError(
        .unauthorized,
        "This server needs its token: open the address that it printed, or send the token as a bearer's.",
        code: "invalid_api_key")

    /// Pictures with names that cannot be guessed are handed to programs that know no token.
    private func isOpen(_ request: Request) -> Bool {
        request.method == .get && request.uri.path.hasPrefix(KeptImages.path)
    }

    private func checkHost(_ authority: String?) throws {
        guard let authority, let host = Self.host(of: authority) else {
            throw ServerError(.badRequest, "The request names no host.")
        }
        let isNumber = host.contains(":") || host.wholeMatch(of: /\d{1,3}(\.\d{1,3}){3}/) != nil
        let isOwn =
            names.contains(host) || (settings.isLoopback ? ServerSettings.isLoopback(host) : isNumber)
        guard isOwn else {
            throw ServerError(
                .misdirectedRequest,
                "This server is not '\(host.prefix(80))': use the address that it printed.")
        }
    }

    private func checkWriting(_ request: Request) throws {
        if let origin = request.headers[.origin] {
            let own = request.head.authority.map { ["http://\($0)", "https://\($0)"] } ?? []
            guard own.contains(origin.lowercased()) else {
                throw ServerError(.forbidden, "Requests from pages of other servers are not met.")
            }
        }
        let type = request.headers[.contentType]?.prefix { $0 != ";" }.lowercased()
        guard type?.trimmingCharacters(in: .whitespaces) == "application/json" else {
            throw ServerError(.unsupportedMediaType, "The body must be JSON: send it as application/json.")
        }
    }

    /// What a request shows as a token: a bearer's, a password, or a cookie.
    private func shown(by request: Request) -> [String] {
        var shown: [String] = []
        if let field = request.headers[.authorization] {
            let words = field.split(separator: " ", maxSplits: 1).map(String.init)
            if words.count == 2, words[0].lowercased() == "bearer" { shown.append(words[1]) }
            if words.count == 2, words[0].lowercased() == "basic", let data = Data(base64Encoded: words[1]),
                let password = String(decoding: data, as: UTF8.self).split(
                    separator: ":", maxSplits: 1, omittingEmptySubsequences: false
                ).last
            {
                shown.append(String(password))
            }
        }
        for field in request.headers[values: .cookie] {
            for cookie in field.split(separator: ";") {
                let parts = cookie.trimmingCharacters(in: .whitespaces).split(separator: "=", maxSplits: 1)
                if parts.count == 2, parts[0] == cookieName { shown.append(String(parts[1])) }
            }
        }
        return shown
    }

    /// Compares in a time that tells nothing of how much is right.
    private func isSame(_ given: String, _ token: String) -> Bool {
        let (given, token) = (Array(given.utf8), Array(token.utf8))
        var difference = given.count ^ token.count
        for index in token.indices {
            difference |= Int(token[index] ^ (index < given.count ? given[index] : 0))
        }
        return difference == 0
    }

    /// The name or number without its port; nil for no such thing.
    static func host(of authority: String) -> String? {
        let match = authority.lowercased().wholeMatch(
            of: /(?:\[([0-9a-f:.]+)\]|([^\[\]:\/@\s]+))(?::\d{1,5})?/)
        return match.flatMap { ($0.1 ?? $0.2).map(String.init) }
    }
}
