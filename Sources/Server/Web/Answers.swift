// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import DMDKit
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// Turns errors into answers that a client of the path understands, and puts the headers on every answer that keep browsers safe.
struct Answers: RouterMiddleware {
    typealias Context = BasicRequestContext

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        var response: Response
        do {
            response = try await next(request, context)
        } catch {
            response = answer(to: error, path: request.uri.path)
            if [.contentTooLarge, .requestTimeout].contains(response.status) {
                // Nobody waits for the rest of the body.
                try? await request.withoutBody.whileConnected {}
            }
            if request.method == .post { response = response.closing }
        }
        let isAPI = ["/api/", "/v1/", "/sdapi/"].contains { request.uri.path.hasPrefix($0) }
        for (name, value) in Self.headers where response.headers[name] == nil {
            response.headers[name] = value
        }
        if response.headers[.cacheControl] == nil {
            response.headers[.cacheControl] = isAPI ? "no-store" : "no-cache"
        }
        return response
    }

    private static let headers: [HTTPField.Name: String] = {
        var headers: [HTTPField.Name: String] = [
            .contentSecurityPolicy: """
            default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; \
            form-action 'self'; base-uri 'none'; frame-ancestors 'none'
            """,
            .xContentTypeOptions: "nosniff", .crossOriginResourcePolicy: "same-origin",
        ]
        for (name, value) in [
            ("Referrer-Policy", "no-referrer"), ("X-Frame-Options", "DENY"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
        ] {
            if let name = HTTPField.Name(name) { headers[name] = value }
        }
        return headers
    }()

    private func answer(to error: any Error, path: String) -> Response {
        let error = known(error)
        let isWebUI = path.hasPrefix("/sdapi/")
        var response: Response
        if isWebUI {
            response = Response(json: WebUIFailure(error), status: error.status)
        } else if path.hasPrefix("/api/") || path.hasPrefix("/v1/") {
            response = Response(json: OpenAIFailure(error), status: error.status)
        } else {
            response = Response(text: error.message + "\n", status: error.status)
        }
        if let seconds = error.retryAfter { response.headers[.retryAfter] = "\(seconds)" }
        if error.status == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer realm=\"dmd\"" }
        return response
    }

    private func known(_ error: any Error) -> ServerError {
        switch error {
        case let error as ServerError: error
        case let error as SettingError: ServerError(error)
        case let error as DecodingError: ServerError(error)
        case let error as KitError: ServerError(.conflict, error.description)
        case is NIOTooManyBytesError: .tooLarge
        case is CancellationError:
            ServerError(.init(code: 499, reasonPhrase: "Client Closed Request"), "The client has gone.")
        case let error as HTTPError where error.status == .notFound:
            ServerError(.notFound, "There is nothing here.", code: "not_found")
        case let error as HTTPError: ServerError(error.status, error.body ?? error.status.reasonPhrase)
        default: ServerError(.internalServerError, "\(error)", code: "internal_error")
        }
    }
}

extension ServerError {
    static let tooLarge = ServerError(
        .contentTooLarge, "The body is too large: send less.", code: "request_too_large")
}

/// An error in OpenAI's form.
private struct OpenAIFailure: Encodable {
    struct Failure: Encodable {
        let message: String
        let type: String
        let param: String?
        let code: String?

        func encode(to encoder: any Encoder) throws {
            var values = encoder.container(keyedBy: CodingKeys.self)
            try values.encode(message, forKey: .message)
            try values.encode(type, forKey: .type)
            // Clients read both, also where they are null.
            try values.encode(param, forKey: .param)
            try values.encode(code, forKey: .code)
        }

        private enum CodingKeys: String, CodingKey { case message, type, param, code }
    }

    let error: Failure

    init(_ error: ServerError) {
        let type =
            switch error.status.code {
            case 401: "authentication_error"
            case 429, 503: "rate_limit_error"
            case 500...: "server_error"
            default: "invalid_request_error"
            }
        self.error = Failure(message: error.message, type: type, param: error.parameter, code: error.code)
    }
}

/// An error in A1111's form.
private struct WebUIFailure: Encodable {
    let error: String
    let detail: String
    let body = ""
    let errors: String

    init(_ error: ServerError) {
        self.error = error.status.reasonPhrase
        (detail, errors) = (error.message, error.message)
    }
}

extension Response {
    /// A value as JSON.
    init(json value: some Encodable, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) {
        var headers = headers
        headers[.contentType] = "application/json"
        let data = (try? JSONEncoder.answers.encode(value)) ?? Data("{}".utf8)
        self.init(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: data)))
    }

    /// A plain text.
    init(text: String, status: HTTPResponse.Status = .ok) {
        self.init(
            status: status, headers: [.contentType: "text/plain; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    /// A PNG file.
    init(png: Data) {
        self.init(
            status: .ok, headers: [.contentType: "image/png"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: png)))
    }
}

extension JSONEncoder {
    /// Numbers that JSON has no word for are texts, as in the log of a run.
    static var answers: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return encoder
    }
}
