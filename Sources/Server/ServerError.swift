// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import DMDKit
import Foundation
import HTTPTypes
import Hummingbird

/// Why a request is not met: one sentence, and what a client makes of it.
struct ServerError: Error {
    let status: HTTPResponse.Status
    let message: String
    /// The field of the request that is to blame, if any.
    let parameter: String?
    /// A word for programs.
    let code: String?
    /// Seconds after which it may be tried again.
    let retryAfter: Int?

    init(
        _ status: HTTPResponse.Status, _ message: String, parameter: String? = nil, code: String? = nil,
        retryAfter: Int? = nil
    ) {
        (self.status, self.message, self.parameter) = (status, message, parameter)
        (self.code, self.retryAfter) = (code, retryAfter)
    }

    /// A setting of a job, as the field of a request that it came from.
    init(_ error: SettingError, fields: [String: String] = [:]) {
        let field = fields[error.setting] ?? error.setting
        let advice = error.advice.replacing(/`([A-Za-z]+)`/) { "`\(fields[String($0.1)] ?? String($0.1))`" }
        self.init(
            .badRequest, "`\(field)` \(error.problem): \(advice).", parameter: field, code: "invalid_value")
    }

    /// JSON that is none, or not what is needed.
    init(_ error: DecodingError) {
        func name(_ path: [any CodingKey]) -> String { path.map(\.stringValue).joined(separator: ".") }
        let (parameter, message): (String?, String) =
            switch error {
            case .typeMismatch(let type, let context):
                (name(context.codingPath), "must be \(Self.words(type))")
            case .valueNotFound(_, let context): (name(context.codingPath), "must not be null")
            case .keyNotFound(let key, let context): (name(context.codingPath + [key]), "is missing")
            case .dataCorrupted(let context) where !context.codingPath.isEmpty:
                (name(context.codingPath), "is out of range")
            default: (nil, "")
            }
        guard let parameter, !parameter.isEmpty else {
            self.init(
                .badRequest, "The body is no JSON object, or a number in it is out of its range.",
                code: "invalid_json")
            return
        }
        self.init(.badRequest, "`\(parameter)` \(message).", parameter: parameter, code: "invalid_value")
    }

    private static func words(_ type: Any.Type) -> String {
        switch type {
        case is String.Type: "text"
        case is Bool.Type: "true or false"
        case is Double.Type: "a number"
        case is any FixedWidthInteger.Type: "a whole number"
        default: "an object or a list"
        }
    }
}
