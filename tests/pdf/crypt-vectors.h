/* Made by make-crypt-vectors.py with qpdf; user password "user", owner
 * password "owner". */
/* clang-format off */
static const struct vector vectors[] = {
	{
	    "R2",
	    "<< /Filter /Standard /Length 40 /O <94e8094419662a774442fb07"
	    "2e3d9f19e9d130ec09a4d0061e78fe920f7ab62f> /P -4 /R 2 /U <2aa"
	    "12f26bcf1a217c0f1ee491745f646671475ae85bddf3e3c1a45a8457391c"
	    "b> /V 1 >>",
	    "31415926535897932384626433832795",
	    2,
	    "9e132a1c7becfceb6a70f624406a87",
	    5,
	    "2f7d1cc5e6386b1a99b97b4e6bfc",
	},
	{
	    "R3",
	    "<< /Filter /Standard /Length 128 /O <0ba3835f88f90388e74e545"
	    "84125ce142be0de24c6b0d37746e075b891756671> /P -4 /R 3 /U <76"
	    "3f954d16622015ee88b60b3eb8f7590122456a91bae5134273a6db134c87"
	    "c4> /V 2 >>",
	    "31415926535897932384626433832795",
	    2,
	    "9a81f26676fd1db476f5ada776253d",
	    5,
	    "cf21bec9f40eb9ac159251bc689d",
	},
	{
	    "R4",
	    "<< /CF << /StdCF << /AuthEvent /DocOpen /CFM /AESV2 /Length "
	    "16 >> >> /Filter /Standard /Length 128 /O <0ba3835f88f90388e"
	    "74e54584125ce142be0de24c6b0d37746e075b891756671> /P -4 /R 4 "
	    "/StmF /StdCF /StrF /StdCF /U <763f954d16622015ee88b60b3eb8f7"
	    "590122456a91bae5134273a6db134c87c4> /V 4 >>",
	    "31415926535897932384626433832795",
	    2,
	    "e839040fe578becf1009938f145a7f88a65dfd8bb108e093d59576aa250a"
	    "7141",
	    5,
	    "18a4d6e1a78e7d18d85112927ff0bcd716657be4f384b3310f275a1ea49f"
	    "dbfb",
	},
	{
	    "R4 clear metadata",
	    "<< /CF << /StdCF << /AuthEvent /DocOpen /CFM /AESV2 /Length "
	    "16 >> >> /EncryptMetadata false /Filter /Standard /Length 12"
	    "8 /O <0ba3835f88f90388e74e54584125ce142be0de24c6b0d37746e075"
	    "b891756671> /P -4 /R 4 /StmF /StdCF /StrF /StdCF /U <fb8f366"
	    "1d99bba02de37f0c770ae4d2a0122456a91bae5134273a6db134c87c4> /"
	    "V 4 >>",
	    "31415926535897932384626433832795",
	    2,
	    "80a23d484bac597227fd7e5b2d840f7417583c9d29cafc4df51764248e05"
	    "55b2",
	    5,
	    "840f937ad436bdca3ac42d30fa847219365bbfa6d2d7b160877c4a239227"
	    "f784",
	},
	{
	    "R4 RC4",
	    "<< /CF << /StdCF << /AuthEvent /DocOpen /CFM /V2 /Length 16 "
	    ">> >> /Filter /Standard /Length 128 /O <0ba3835f88f90388e74e"
	    "54584125ce142be0de24c6b0d37746e075b891756671> /P -4 /R 4 /St"
	    "mF /StdCF /StrF /StdCF /U <763f954d16622015ee88b60b3eb8f7590"
	    "122456a91bae5134273a6db134c87c4> /V 4 >>",
	    "31415926535897932384626433832795",
	    2,
	    "9a81f26676fd1db476f5ada776253d",
	    5,
	    "cf21bec9f40eb9ac159251bc689d",
	},
	{
	    "R5",
	    "<< /CF << /StdCF << /AuthEvent /DocOpen /CFM /AESV3 /Length "
	    "32 >> >> /Filter /Standard /Length 256 /O <a7494e8e6c0803a09"
	    "1ef29bf9ecee6bf0ce1a0cdba3aae1184ae9033916e92d38110431304c2a"
	    "02b7fb9af8a514664db> /OE <6f9780c617883e3253d8779ef830f783c7"
	    "2d55b742b8da0cb649a7f81f443801> /P -4 /Perms <0fdf8803ce21fb"
	    "c01088510fa776a977> /R 5 /StmF /StdCF /StrF /StdCF /U <ea951"
	    "199bdbb64fd3a641618092ca947e8b65f95115f50005985d7128dcaf48a2"
	    "9d264494975d1bd8f5f0a1d7aa99dc0> /UE <31d65f63e590c0d3343fbb"
	    "0703796bc3b34a481a3f83e2dd4f602ebb50d32a16> /V 5 >>",
	    "31415926535897932384626433832795",
	    2,
	    "a9873b72f04a4f70a6b81d20630c5d6a0578e275006e5f44e295d7a17dfd"
	    "8628",
	    5,
	    "73e364060a6b34608dd5631fb7646b0d740268a667a19108c948a239ab69"
	    "ac87",
	},
	{
	    "R6",
	    "<< /CF << /StdCF << /AuthEvent /DocOpen /CFM /AESV3 /Length "
	    "32 >> >> /Filter /Standard /Length 256 /O <044b2f8e10048582a"
	    "5860d2353ca3832570d4ab5092e5acc8fe1e5af85aa5e3a905dec5f17cc8"
	    "a14353d57d4e8e287f5> /OE <1d08c093fb43edbd5c5b74e10d3aa05803"
	    "d1cb3652bf6c1d12a0356bd60c59e1> /P -4 /Perms <09483b5d382bd7"
	    "bb71096fabc3f37e6e> /R 6 /StmF /StdCF /StrF /StdCF /U <52928"
	    "2e611664c4424126981b2aabed0ab3dad69a84d2fd92f9100feadc3ffb55"
	    "25c3e655ce74a8ef9b547fbfac28a31> /UE <afc681cbf79663aa87d5eb"
	    "de1603ea61555a5b45737c2fb35f5d9003cc0db43e> /V 5 >>",
	    "31415926535897932384626433832795",
	    2,
	    "8cf0e7208e22710634e896c285a40be15dc8284448bd5b37772722822e30"
	    "8f79",
	    5,
	    "7c042c918f77eb44fae19bd33ad824addde3b060c5c8a17f09bbbf76ae03"
	    "4291",
	},
};
