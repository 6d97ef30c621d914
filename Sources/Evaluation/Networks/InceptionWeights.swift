// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch

extension ConvolutionReader {
    private mutating func convolution(
        _ name: String, _ inputs: Int, _ outputs: Int, kernel: [Int] = [1, 1], stride: Int = 1,
        padding: [Int] = [0, 0]
    ) throws -> RectifiedConvolution {
        let (weight, bias) = try folded("\(name).conv", "\(name).bn", shape: [outputs, inputs] + kernel)
        return RectifiedConvolution(weight: weight, bias: bias, stride: stride, padding: padding)
    }

    /// A convolution that keeps the size.
    private mutating func same(
        _ name: String, _ inputs: Int, _ outputs: Int, _ kernel: [Int]
    ) throws -> RectifiedConvolution {
        try convolution(name, inputs, outputs, kernel: kernel, padding: kernel.map { $0 / 2 })
    }

    private mutating func halving(_ name: String, _ inputs: Int, _ outputs: Int) throws
        -> RectifiedConvolution
    {
        try convolution(name, inputs, outputs, kernel: [3, 3], stride: 2)
    }

    /// The whole network up to the mean over pixels.
    mutating func inceptionLayers() throws -> [any InceptionLayer] {
        [
            try halving("Conv2d_1a_3x3", 3, 32),
            try convolution("Conv2d_2a_3x3", 32, 32, kernel: [3, 3]),
            try same("Conv2d_2b_3x3", 32, 64, [3, 3]),
            Halving(),
            try convolution("Conv2d_3b_1x1", 64, 80),
            try convolution("Conv2d_4a_3x3", 80, 192, kernel: [3, 3]),
            Halving(),
            try blockA("Mixed_5b", 192, pool: 32),
            try blockA("Mixed_5c", 256, pool: 64),
            try blockA("Mixed_5d", 288, pool: 64),
            try blockB("Mixed_6a", 288),
            try blockC("Mixed_6b", 768, inner: 128),
            try blockC("Mixed_6c", 768, inner: 160),
            try blockC("Mixed_6d", 768, inner: 160),
            try blockC("Mixed_6e", 768, inner: 192),
            try blockD("Mixed_7a", 768),
            try blockE("Mixed_7b", 1280, takesMaxima: false),
            try blockE("Mixed_7c", 2048, takesMaxima: true),
        ]
    }

    /// 35 x 35 pixels, 3x3 and 5x5.
    private mutating func blockA(_ name: String, _ inputs: Int, pool: Int) throws -> any InceptionLayer {
        SharedBranches(
            [
                try convolution("\(name).branch1x1", inputs, 64),
                try convolution("\(name).branch5x5_1", inputs, 48),
                try convolution("\(name).branch3x3dbl_1", inputs, 64),
                try convolution("\(name).branch_pool", inputs, pool),
            ],
            then: [
                Chain(convolutions: []),
                try same("\(name).branch5x5_2", 48, 64, [5, 5]),
                Chain(convolutions: [
                    try same("\(name).branch3x3dbl_2", 64, 96, [3, 3]),
                    try same("\(name).branch3x3dbl_3", 96, 96, [3, 3]),
                ]),
            ])
    }

    /// From 35 x 35 pixels to 17 x 17.
    private mutating func blockB(_ name: String, _ inputs: Int) throws -> any InceptionLayer {
        Branches(branches: [
            try halving("\(name).branch3x3", inputs, 384),
            Chain(convolutions: [
                try convolution("\(name).branch3x3dbl_1", inputs, 64),
                try same("\(name).branch3x3dbl_2", 64, 96, [3, 3]),
                try halving("\(name).branch3x3dbl_3", 96, 96),
            ]),
            Halving(),
        ])
    }

    /// 17 x 17 pixels, 7x7 as 1x7 and 7x1.
    private mutating func blockC(_ name: String, _ inputs: Int, inner: Int) throws -> any InceptionLayer {
        SharedBranches(
            [
                try convolution("\(name).branch1x1", inputs, 192),
                try convolution("\(name).branch7x7_1", inputs, inner),
                try convolution("\(name).branch7x7dbl_1", inputs, inner),
                try convolution("\(name).branch_pool", inputs, 192),
            ],
            then: [
                Chain(convolutions: []),
                Chain(convolutions: [
                    try same("\(name).branch7x7_2", inner, inner, [1, 7]),
                    try same("\(name).branch7x7_3", inner, 192, [7, 1]),
                ]),
                Chain(convolutions: [
                    try same("\(name).branch7x7dbl_2", inner, inner, [7, 1]),
                    try same("\(name).branch7x7dbl_3", inner, inner, [1, 7]),
                    try same("\(name).branch7x7dbl_4", inner, inner, [7, 1]),
                    try same("\(name).branch7x7dbl_5", inner, 192, [1, 7]),
                ]),
            ])
    }

    /// From 17 x 17 pixels to 8 x 8.
    private mutating func blockD(_ name: String, _ inputs: Int) throws -> any InceptionLayer {
        Branches(branches: [
            Chain(convolutions: [
                try convolution("\(name).branch3x3_1", inputs, 192),
                try halving("\(name).branch3x3_2", 192, 320),
            ]),
            Chain(convolutions: [
                try convolution("\(name).branch7x7x3_1", inputs, 192),
                try same("\(name).branch7x7x3_2", 192, 192, [1, 7]),
                try same("\(name).branch7x7x3_3", 192, 192, [7, 1]),
                try halving("\(name).branch7x7x3_4", 192, 192),
            ]),
            Halving(),
        ])
    }

    /// 8 x 8 pixels, 3x3 as 1x3 beside 3x1.
    private mutating func blockE(
        _ name: String, _ inputs: Int, takesMaxima: Bool
    ) throws -> any InceptionLayer {
        let firsts = [
            try convolution("\(name).branch1x1", inputs, 320),
            try convolution("\(name).branch3x3_1", inputs, 384),
            try convolution("\(name).branch3x3dbl_1", inputs, 448),
        ]
        let pooled = try convolution("\(name).branch_pool", inputs, 192)
        let rest: [any InceptionLayer] = [
            Chain(convolutions: []),
            Branches(branches: [
                try same("\(name).branch3x3_2a", 384, 384, [1, 3]),
                try same("\(name).branch3x3_2b", 384, 384, [3, 1]),
            ]),
            Then(
                first: try same("\(name).branch3x3dbl_2", 448, 384, [3, 3]),
                second: Branches(branches: [
                    try same("\(name).branch3x3dbl_3a", 384, 384, [1, 3]),
                    try same("\(name).branch3x3dbl_3b", 384, 384, [3, 1]),
                ])),
        ]
        guard takesMaxima else { return SharedBranches(firsts + [pooled], then: rest) }
        return Branches(
            branches: zip(firsts, rest).map(Then.init) + [PooledConvolution(convolution: pooled)])
    }
}
