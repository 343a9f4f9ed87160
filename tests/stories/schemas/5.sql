BEGIN TRANSACTION;
CREATE TABLE absence (
	id INTEGER NOT NULL, 
	agent TEXT NOT NULL, 
	leave TEXT NOT NULL, 
	since DATETIME NOT NULL, 
	until DATETIME, 
	last_day TEXT NOT NULL, 
	source TEXT NOT NULL, 
	stage TEXT NOT NULL, 
	backup VARCHAR, 
	because TEXT NOT NULL, 
	"by" TEXT NOT NULL, 
	told TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	look_at DATETIME, 
	learnt_at DATETIME, 
	created_at DATETIME NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "absence" VALUES(1,'ben','planned','2026-11-23 00:00:00.000000','2026-11-28 00:00:00.000000','2026-11-27','admin','begun',NULL,'','cleo','Ben Ode','admin:2026-11-23..2026-11-27','2026-11-28 00:00:00.000000',NULL,'2026-11-21 09:00:00.000000');
CREATE TABLE agent (
	id VARCHAR NOT NULL, 
	number INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	email TEXT NOT NULL, 
	gone_at DATETIME, 
	PRIMARY KEY (id)
);
CREATE TABLE entry (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	ticket INTEGER NOT NULL, 
	seq INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	author TEXT NOT NULL, 
	name TEXT NOT NULL, 
	agent VARCHAR, 
	voice TEXT NOT NULL, 
	text TEXT NOT NULL, 
	whole TEXT NOT NULL, 
	message_id TEXT NOT NULL, 
	inbox INTEGER, 
	attachments JSON NOT NULL, 
	FOREIGN KEY(ticket) REFERENCES ticket (number), 
	FOREIGN KEY(inbox) REFERENCES inbox (id)
);
INSERT INTO "entry" VALUES(1,1,1,'2026-11-21 09:00:00.000000','luc@customer.example','Luc Petit',NULL,'public','Invoice 77 shows two licences, but we ordered one.','Invoice 77 shows two licences, but we ordered one.

','m1@client.example',1,'[]');
INSERT INTO "entry" VALUES(2,1,2,'2026-11-21 09:00:00.000000','ann@agents.example','Ann Lee','ann','public','We look into it.

Ann','','m3@client.example',2,'[]');
INSERT INTO "entry" VALUES(3,2,1,'2026-11-21 09:00:00.000000','eva@other.example','Eva Moll',NULL,'public','A second question, about the printer.','A second question, about the printer.

','m5@client.example',3,'[]');
CREATE TABLE history (
	ticket INTEGER NOT NULL, 
	seq INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	event TEXT NOT NULL, 
	who TEXT NOT NULL, 
	code TEXT NOT NULL, 
	text TEXT NOT NULL, 
	"before" TEXT NOT NULL, 
	"after" TEXT NOT NULL, 
	why JSON, 
	origin JSON, 
	chain TEXT NOT NULL, 
	PRIMARY KEY (ticket, seq), 
	FOREIGN KEY(ticket) REFERENCES ticket (number)
);
INSERT INTO "history" VALUES(1,1,'2026-11-21 09:00:00.000000','opened','Luc Petit','','no clue: a new ticket','','luc@customer.example','null','null','9df04c169636ea586bb747cdc89ce52f30ff4f16312d9debf47e659eb08a3961');
INSERT INTO "history" VALUES(1,2,'2026-11-21 09:00:00.000000','subject','Luc Petit','','','','Invoice 77 wrong','null','null','834e289c38c434f3ff33b847dac2fd3e8285e9fda1ca0ab9e5a9814e4464c015');
INSERT INTO "history" VALUES(1,3,'2026-11-21 09:00:00.000000','team','desk','routing','Messages to support@desk.example go to our support team.','','support','{"code": "routing", "text": "Messages to support@desk.example go to our support team.", "by": "", "phrase": "address", "who": "support@desk.example\tour support team"}','{"mail": 1}','579fbf01a5c89bb7c5e00b8c750625349c2d8981e2dbb4eda6e6960d3b9a4465');
INSERT INTO "history" VALUES(1,4,'2026-11-21 09:00:00.000000','owner','desk','routing','Ann has the fewest open requests now.','','ann','{"code": "routing", "text": "Ann has the fewest open requests now.", "by": "", "phrase": "fewest_open", "who": "Ann"}','{"mail": 1}','8869f951f9ed3e1598a25956525e3cd9b8e7111770bd82b49d2620f5405febd5');
INSERT INTO "history" VALUES(1,5,'2026-11-21 09:00:00.000000','status','desk','','','','open','null','null','af48b44ba731e8f3854c4e2c3f8e44fff0ee255ca33248b853aadbc22a49ed17');
INSERT INTO "history" VALUES(1,6,'2026-11-21 09:00:00.000000','priority','desk','','','','normal','null','null','00c128abed0df5cc61c4b58255f0bb175a91c625918c6053549c181287717364');
INSERT INTO "history" VALUES(1,7,'2026-11-21 09:00:00.000000','joined','Luc Petit','','requester','','luc@customer.example','null','null','d89daea27db003e2c272dcd7d82a79a9236cf15fe341e4141a50a9bd432bc0a5');
INSERT INTO "history" VALUES(1,8,'2026-11-21 09:00:00.000000','entry','Luc Petit','','public','','1','null','null','e550af98c315925d9bada92f37b7642e438c7132b25b80bcf44abb5bf46cb1e7');
INSERT INTO "history" VALUES(1,9,'2026-11-21 09:00:00.000000','briefed','desk','','assigned','1','ann','null','null','496ad728e636e98800425d868c0b1a9a9d6e2dd659e8f959e938610a7b19dc36');
INSERT INTO "history" VALUES(1,10,'2026-11-21 09:00:00.000000','told','desk','','received','2','luc@customer.example','null','null','b41dca06d441deb7ea1b2f8419e1de61380527900237879f9b396dc99c2a74db');
INSERT INTO "history" VALUES(1,11,'2026-11-21 09:00:00.000000','owner','Ann Lee','other','Ben knows the contracts','ann','ben','{"code": "other", "text": "Ben knows the contracts", "by": "Ann Lee"}','{"mail": 2}','1c71d343996b63393c9f12894c84666b8f182e146badcfbb344f909a65c65a54');
INSERT INTO "history" VALUES(1,12,'2026-11-21 09:00:00.000000','entry','Ann Lee','','public','','2','null','null','d2b1a215f999d80cf07b1e47368353e0d3fa65823c5dee3551eda2b703646d54');
INSERT INTO "history" VALUES(1,13,'2026-11-21 09:00:00.000000','briefed','desk','','assigned','3','ben','null','null','1843b5eb0f0da6b938e95b13b67b534612fbcb8524fe4fe2168e39bafcab4b89');
INSERT INTO "history" VALUES(1,14,'2026-11-21 09:00:00.000000','told','desk','','owner-changed','4','luc@customer.example','null','null','d8aacd69167cd5b52b91f8a1662e965b97610d13bc050c73dd29a9fb0ae6750b');
INSERT INTO "history" VALUES(2,1,'2026-11-21 09:00:00.000000','opened','Eva Moll','','no clue: a new ticket','','eva@other.example','null','null','95298936db038d6fd779798bf35b29f825d4e82b1ca5b449d2fc496b498ffe3a');
INSERT INTO "history" VALUES(2,2,'2026-11-21 09:00:00.000000','subject','Eva Moll','','','','Printer','null','null','7344522e936f24516980c0161fa6fb81b0b4600b8e1c17e24f3059d2aab6fdbe');
INSERT INTO "history" VALUES(2,3,'2026-11-21 09:00:00.000000','team','desk','routing','Messages to support@desk.example go to our support team.','','support','{"code": "routing", "text": "Messages to support@desk.example go to our support team.", "by": "", "phrase": "address", "who": "support@desk.example\tour support team"}','{"mail": 3}','c37ee973e19a2cf6c6f393e97182c10b33983c8d5e2649c8eabc8f4573ea64f0');
INSERT INTO "history" VALUES(2,4,'2026-11-21 09:00:00.000000','owner','desk','routing','Ann has the fewest open requests now.','','ann','{"code": "routing", "text": "Ann has the fewest open requests now.", "by": "", "phrase": "fewest_open", "who": "Ann"}','{"mail": 3}','b5f225499bc496914bef00ca7355cc52f43be135580d9a958802acd78051d08d');
INSERT INTO "history" VALUES(2,5,'2026-11-21 09:00:00.000000','status','desk','','','','open','null','null','e3dc862192abefd6223f2b386a7c78adbeca9ac5c094f265c826a7c166a56be1');
INSERT INTO "history" VALUES(2,6,'2026-11-21 09:00:00.000000','priority','desk','','','','normal','null','null','f8798c9165a8693f3314ee20741def40bbc69141480597fcffe2b15f4b5809ce');
INSERT INTO "history" VALUES(2,7,'2026-11-21 09:00:00.000000','joined','Eva Moll','','requester','','eva@other.example','null','null','32d6261f9cdec6e4461ffa7cec8b74102f1429c5754b552ade1cb6a67805d343');
INSERT INTO "history" VALUES(2,8,'2026-11-21 09:00:00.000000','entry','Eva Moll','','public','','1','null','null','bd9a5c7740849cb31f53333eda85bf3bb1ddd6a38960f384cc38892c07f80593');
INSERT INTO "history" VALUES(2,9,'2026-11-21 09:00:00.000000','briefed','desk','','assigned','6','ann','null','null','79a29fde6b9cbe00d68f8ba257cde8c6b9a099f24f9bef6558f8f20cf105007e');
INSERT INTO "history" VALUES(2,10,'2026-11-21 09:00:00.000000','told','desk','','received','7','eva@other.example','null','null','9323c3d398227145526d99dcad641a9225a60eb97617c6df4c884bdf44960bfd');
INSERT INTO "history" VALUES(1,15,'2026-11-24 09:00:00.000000','owner','clock','absence.planned','Ben Ode is away until Friday 27 November 2026.','ben','ann','{"code": "absence.planned", "text": "Ben Ode is away until Friday 27 November 2026.", "by": "", "phrase": "away_until", "who": "Ben Ode", "until": "2026-11-27"}','{"timer": "move", "absence": 1}','2c2b6a08ff615d638f8bd0b71c883b09a5e63fdbbb3554796def3841f08b076b');
INSERT INTO "history" VALUES(1,16,'2026-11-24 09:00:00.000000','briefed','desk','','assigned','10','ann','null','null','8762d082e2c39486c85c548079afb6f23e185e7334f5f630265709a350ccc7f6');
CREATE TABLE inbox (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	received_at DATETIME NOT NULL, 
	source TEXT NOT NULL, 
	sender TEXT NOT NULL, 
	recipients JSON NOT NULL, 
	peer TEXT NOT NULL, 
	mailbox TEXT NOT NULL, 
	message_id TEXT NOT NULL, 
	fingerprint TEXT NOT NULL, 
	author TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	size INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	ticket INTEGER, 
	duplicate_of INTEGER, 
	tries INTEGER NOT NULL, 
	starts INTEGER NOT NULL, 
	released TEXT NOT NULL, 
	because JSON NOT NULL, 
	decided_at DATETIME
);
INSERT INTO "inbox" VALUES(1,'2026-11-21 09:00:00.000000','smtp:2','luc@customer.example','["support@desk.example"]','127.0.0.1','','m1@client.example','6068a7d64d8c43cbbee5c98b463140cbfa866802b5bd15a1662ae55a1ed8549f','luc@customer.example','e01e8ae037f4846abf2e9da141c6378a9b2687a4da742bdbd2c2833dea7a86fa',400,'ticket',1,NULL,0,1,'','["no clue: a new ticket"]','2026-11-21 09:00:00.000000');
INSERT INTO "inbox" VALUES(2,'2026-11-21 09:00:00.000000','smtp:4','ann@agents.example','["support+afqqcaaaaaaacaaaaie5jav2zbvivqrsgoboqurf@desk.example"]','127.0.0.1','','m3@client.example','8cacc6f3e4c1f2312d841fe7e7779b27c4e0ce155df5e25f04bd5e8b3718865b','ann@agents.example','bba047809780bd0a01d84dcecfac366eed86df0458e451ccfbbed0576968841c',1449,'ticket',1,NULL,0,1,'','["signed address of ann for #1"]','2026-11-21 09:00:00.000000');
INSERT INTO "inbox" VALUES(3,'2026-11-21 09:00:00.000000','smtp:6','eva@other.example','["support@desk.example"]','127.0.0.1','','m5@client.example','adb1bec3efd5180693436460106d8a78f97918ba75d5cb022233babfcc65fade','eva@other.example','f963da31f7d68baeb997f69c425980857fd8f903505b88da31606b46b1fa83b0',369,'ticket',2,NULL,0,1,'','["no clue: a new ticket"]','2026-11-21 09:00:00.000000');
CREATE TABLE meta (
	"key" VARCHAR NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "meta" VALUES('proved:ann','2026-11-21T09:00:00+00:00');
CREATE TABLE outbox (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	ticket INTEGER, 
	party INTEGER NOT NULL, 
	agent VARCHAR, 
	recipient TEXT NOT NULL, 
	reader TEXT NOT NULL, 
	domain TEXT NOT NULL, 
	sender TEXT NOT NULL, 
	notice TEXT NOT NULL, 
	auto BOOLEAN NOT NULL, 
	answers BOOLEAN NOT NULL, 
	proven BOOLEAN NOT NULL, 
	message_id TEXT NOT NULL, 
	inbox INTEGER, 
	state TEXT NOT NULL, 
	tries INTEGER NOT NULL, 
	created_at DATETIME NOT NULL, 
	next_at DATETIME, 
	"after" INTEGER, 
	after_until DATETIME, 
	leased_until DATETIME, 
	fence INTEGER NOT NULL, 
	told_late BOOLEAN NOT NULL, 
	uncertain INTEGER NOT NULL, 
	answer TEXT NOT NULL, 
	sent_at DATETIME, 
	question JSON, 
	content BLOB NOT NULL
);
INSERT INTO "outbox" VALUES(1,1,2,'ann','ann@agents.example','ann@agents.example','agents.example','support+miaqaaaaaaa3b6jp3fvj3b6g@desk.example','assigned',0,0,1,'m.afwqcaaaaaaacaaaaie5j57lbxamkn5zzwkb7pqy.1@desk.example',1,'sent',1,'2026-11-21 09:00:00.000000',NULL,NULL,NULL,NULL,1,0,0,'250 ok','2026-11-21 09:00:00.000000','null','a finished mail');
INSERT INTO "outbox" VALUES(2,1,1,NULL,'luc@customer.example','luc@customer.example','customer.example','support+miaqaaaaaabaubq3zjs3z7yo@desk.example','received',1,1,1,'m.afwqcaaaaaaacaaaaee5iu4rwcfrwlvgnpzqvy2d.2@desk.example',1,'sent',1,'2026-11-21 09:00:00.000000',NULL,NULL,NULL,NULL,1,0,0,'250 ok','2026-11-21 09:00:00.000000','null','a finished mail');
INSERT INTO "outbox" VALUES(3,1,3,'ben','ben@agents.example','ben@agents.example','agents.example','support+miaqaaaaaabu5sfe4arc7p5d@desk.example','assigned',0,0,1,'m.afwqcaaaaaaacaaaame5irfmhowywnvj6c2qs5vt.3@desk.example',2,'sent',1,'2026-11-21 09:00:00.000000',NULL,NULL,NULL,NULL,1,0,0,'250 ok','2026-11-21 09:00:00.000000','null','a finished mail');
INSERT INTO "outbox" VALUES(4,1,1,NULL,'luc@customer.example','luc@customer.example','customer.example','support+miaqaaaaaacmuqj7wv26igr2@desk.example','owner-changed',0,0,1,'m.afwqcaaaaaaacaaaaee5iu4rwcfrwlvgnpzqvy2d.4@desk.example',2,'sent',1,'2026-11-21 09:00:00.000000',NULL,3,'2026-11-21 09:05:00.000000',NULL,1,0,0,'250 ok','2026-11-21 09:00:00.000000','null','a finished mail');
INSERT INTO "outbox" VALUES(5,1,2,'ann','ann@agents.example','ann@agents.example','agents.example','support+miaqaaaaaacreobjgy6py4jc@desk.example','receipt',1,0,1,'m.afwqcaaaaaaacaaaaie5j57lbxamkn5zzwkb7pqy.5@desk.example',2,'sent',1,'2026-11-21 09:00:00.000000',NULL,NULL,NULL,NULL,1,0,0,'250 ok','2026-11-21 09:00:00.000000','null','a finished mail');
INSERT INTO "outbox" VALUES(6,2,2,'ann','ann@agents.example','ann@agents.example','agents.example','support+miaqaaaaaadicaekqlngyp5p@desk.example','assigned',0,0,1,'m.afwqcaaaaaaaeaaaaie5jtmd5sivz3qbcp46jkdy.6@desk.example',3,'sent',1,'2026-11-21 09:00:00.000000',NULL,NULL,NULL,NULL,1,0,0,'250 ok','2026-11-21 09:00:00.000000','null','a finished mail');
INSERT INTO "outbox" VALUES(7,2,1,NULL,'eva@other.example','eva@other.example','other.example','support+miaqaaaaaad6k3fbd6gs4k7c@desk.example','received',1,1,1,'m.afwqcaaaaaaaeaaaaee5im57cerw5nevw4kvlm7q.7@desk.example',3,'sent',1,'2026-11-21 09:00:00.000000',NULL,NULL,NULL,NULL,1,0,0,'250 ok','2026-11-21 09:00:00.000000','null','a finished mail');
INSERT INTO "outbox" VALUES(8,NULL,0,'ben','ben@agents.example','ben@agents.example','agents.example','support+miaqaaaaaaeialnl3rid3pq5@desk.example','absence',1,0,1,'m.afwqcaaaaaaaaaaaaae5p32smrba673g6crha3fc.8@desk.example',NULL,'sent',1,'2026-11-24 09:00:00.000000',NULL,NULL,NULL,NULL,1,0,0,'250 ok','2026-11-24 09:00:00.000000','{"inbox": 0, "agent": "ben", "waives": [], "also": [], "deed": "undo:1"}','a finished mail');
INSERT INTO "outbox" VALUES(9,NULL,0,'cleo','cleo@agents.example','cleo@agents.example','agents.example','support+miaqaaaaaaewemksv762unlk@desk.example','absence',1,0,1,'m.afwqcaaaaaaaaaaaaae5p32smrba673g6crha3fc.9@desk.example',NULL,'sent',1,'2026-11-24 09:00:00.000000',NULL,NULL,NULL,NULL,1,0,0,'250 ok','2026-11-24 09:00:00.000000','{"inbox": 0, "agent": "cleo", "waives": [], "also": [], "deed": "undo:1"}','a finished mail');
INSERT INTO "outbox" VALUES(10,1,2,'ann','ann@agents.example','ann@agents.example','agents.example','support+miaqaaaaaafeycxppks62xhn@desk.example','assigned',0,0,1,'m.afwqcaaaaaaacaaaaie5ow2sm4rr6pvholuxlzzz.10@desk.example',NULL,'sent',1,'2026-11-24 09:00:00.000000',NULL,NULL,NULL,NULL,1,0,0,'250 ok','2026-11-24 09:00:00.000000','null','a finished mail');
CREATE TABLE party (
	ticket INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	address TEXT NOT NULL, 
	name TEXT NOT NULL, 
	role TEXT NOT NULL, 
	proven BOOLEAN NOT NULL, 
	kept BOOLEAN NOT NULL, 
	machine BOOLEAN NOT NULL, 
	stopped BOOLEAN NOT NULL, 
	agent VARCHAR, 
	PRIMARY KEY (ticket, number), 
	FOREIGN KEY(ticket) REFERENCES ticket (number)
);
INSERT INTO "party" VALUES(1,1,'luc@customer.example','Luc Petit','requester',1,1,0,0,NULL);
INSERT INTO "party" VALUES(1,2,'ann@agents.example','Ann Lee','agent',1,1,0,0,'ann');
INSERT INTO "party" VALUES(1,3,'ben@agents.example','Ben Ode','agent',1,1,0,0,'ben');
INSERT INTO "party" VALUES(2,1,'eva@other.example','Eva Moll','requester',1,1,0,0,NULL);
INSERT INTO "party" VALUES(2,2,'ann@agents.example','Ann Lee','agent',1,1,0,0,'ann');
CREATE TABLE promise (
	ticket INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	clock TEXT NOT NULL, 
	made_at DATETIME NOT NULL, 
	due_at DATETIME NOT NULL, 
	warn_at DATETIME NOT NULL, 
	guard_at DATETIME NOT NULL, 
	standing TEXT NOT NULL, 
	"by" TEXT NOT NULL, 
	text TEXT NOT NULL, 
	warned BOOLEAN NOT NULL, 
	"left" INTEGER, 
	missed INTEGER NOT NULL, 
	ended_at DATETIME, 
	PRIMARY KEY (ticket, number), 
	FOREIGN KEY(ticket) REFERENCES ticket (number)
);
CREATE TABLE raw (
	inbox INTEGER NOT NULL, 
	file TEXT NOT NULL, 
	content BLOB, 
	PRIMARY KEY (inbox), 
	FOREIGN KEY(inbox) REFERENCES inbox (id)
);
INSERT INTO "raw" VALUES(1,'',X'41757468656E7469636174696F6E2D526573756C74733A0D0A206D782E6465736B2E6578616D706C653B20646D6172633D70617373206865616465722E66726F6D3D637573746F6D65722E6578616D706C650D0A46726F6D3A204C7563205065746974203C6C756340637573746F6D65722E6578616D706C653E0D0A546F3A20737570706F7274406465736B2E6578616D706C650D0A5375626A6563743A20496E766F6963652037372077726F6E670D0A446174653A205361742C203231204E6F7620323032362030393A30303A3030202B303030300D0A4D6573736167652D49443A203C6D3140636C69656E742E6578616D706C653E0D0A436F6E74656E742D547970653A20746578742F706C61696E3B20636861727365743D227574662D38220D0A436F6E74656E742D5472616E736665722D456E636F64696E673A20376269740D0A4D494D452D56657273696F6E3A20312E300D0A0D0A496E766F6963652037372073686F77732074776F206C6963656E6365732C20627574207765206F726465726564206F6E652E0D0A0D0A');
INSERT INTO "raw" VALUES(2,'',X'41757468656E7469636174696F6E2D526573756C74733A206D782E6465736B2E6578616D706C653B20646D6172633D70617373206865616465722E66726F6D3D6167656E74732E6578616D706C650D0A46726F6D3A20416E6E204C6565203C616E6E406167656E74732E6578616D706C653E0D0A546F3A20737570706F72742B61667171636161616161616163616161616965356A6176327A62766976717273676F626F71757266406465736B2E6578616D706C650D0A5375626A6563743A2052653A205B23315D20496E766F6963652037372077726F6E670D0A446174653A205361742C203231204E6F7620323032362030393A30303A3030202B303030300D0A4D6573736167652D49443A203C6D3340636C69656E742E6578616D706C653E0D0A496E2D5265706C792D546F3A203C6D2E61667771636161616161616163616161616965356A35376C6278616D6B6E357A7A776B62377071792E31406465736B2E6578616D706C653E0D0A5265666572656E6365733A203C6D2E61667771636161616161616163616161616165356963706179646465737A61376A7073326C366D752E30406465736B2E6578616D706C653E0D0A203C6D2E61667771636161616161616163616161616965356A35376C6278616D6B6E357A7A776B62377071792E31406465736B2E6578616D706C653E0D0A436F6E74656E742D547970653A20746578742F706C61696E3B20636861727365743D227574662D38220D0A436F6E74656E742D5472616E736665722D456E636F64696E673A2071756F7465642D7072696E7461626C650D0A4D494D452D56657273696F6E3A20312E300D0A0D0A2361737369676E2062656E20626563617573652042656E206B6E6F77732074686520636F6E7472616374730D0A0D0A5765206C6F6F6B20696E746F2069742E0D0A0D0A416E6E0D0A0D0A4F6E204672696461792C20224C75632050657469742028766961204578616D706C6520537570706F72742922203C737570706F7274406465736B2E6578616D706C653E2077726F74653A0D0A3E204C75632050657469742773207469636B657420697320796F757273206E6F773A2023312022496E766F6963652037372077726F6E67222E0D0A3E3D32300D0A3E20416E6E206861732074686520666577657374206F70656E207265717565737473206E6F772E0D0A3E3D32300D0A3E20596F7572207265706C7920746F2074686973206D61696C20676F657320746F204C75632050657469742E20466F722061206E6F746520746F20636F6C6C6561677565733A20236E6F7465203D0D0A6F6E20746865206669727374206C696E652E0D0A3E3D32300D0A3E202D2D2D20506C65617365207265706C792061626F76652074686973206C696E65202D2D2D0D0A3E3D32300D0A3E204C75632050657469742077726F74653A0D0A3E3D32300D0A3E20496E766F6963652037372073686F77732074776F206C6963656E6365732C20627574207765206F726465726564206F6E652E0D0A3E3D32300D0A3E20202057484F20204C75632050657469742C206C756340637573746F6D65722E6578616D706C650D0A3E3D32300D0A3E2020205469636B657420202020233120496E766F6963652037372077726F6E670D0A3E202020537461747573202020206F70656E0D0A3E2020204F776E65722020202020416E6E204C65650D0A3E2020205465616D202020202020537570706F72740D0A3E2020205072696F7269747920206E6F726D616C0D0A3E3D32300D0A3E202D2050617373206F6E3A207265706C79207769746820222361737369676E2057484F2062656361757365202E2E2E22206F6E20746865206669727374206C696E650D0A3E202D204D61726B20617320736F6C7665643A207265706C792077697468202223736F6C76656422206F6E20746865206669727374206C696E650D0A3E3D32300D0A3E202D2D3D32300D0A3E204578616D706C6520537570706F72740D0A');
INSERT INTO "raw" VALUES(3,'',X'41757468656E7469636174696F6E2D526573756C74733A206D782E6465736B2E6578616D706C653B20646D6172633D70617373206865616465722E66726F6D3D6F746865722E6578616D706C650D0A46726F6D3A20457661204D6F6C6C203C657661406F746865722E6578616D706C653E0D0A546F3A20737570706F7274406465736B2E6578616D706C650D0A5375626A6563743A205072696E7465720D0A446174653A205361742C203231204E6F7620323032362030393A30303A3030202B303030300D0A4D6573736167652D49443A203C6D3540636C69656E742E6578616D706C653E0D0A436F6E74656E742D547970653A20746578742F706C61696E3B20636861727365743D227574662D38220D0A436F6E74656E742D5472616E736665722D456E636F64696E673A20376269740D0A4D494D452D56657273696F6E3A20312E300D0A0D0A41207365636F6E64207175657374696F6E2C2061626F757420746865207072696E7465722E0D0A0D0A');
CREATE TABLE seen (
	message_id VARCHAR NOT NULL, 
	ticket INTEGER NOT NULL, 
	PRIMARY KEY (message_id, ticket), 
	FOREIGN KEY(ticket) REFERENCES ticket (number)
);
INSERT INTO "seen" VALUES('m1@client.example',1);
INSERT INTO "seen" VALUES('m3@client.example',1);
INSERT INTO "seen" VALUES('m5@client.example',2);
CREATE TABLE ticket (
	number INTEGER NOT NULL, 
	subject TEXT NOT NULL, 
	shown TEXT NOT NULL, 
	status TEXT NOT NULL, 
	owner VARCHAR, 
	team TEXT NOT NULL, 
	priority TEXT NOT NULL, 
	level INTEGER NOT NULL, 
	address TEXT NOT NULL, 
	requester TEXT NOT NULL, 
	language TEXT NOT NULL, 
	tags JSON NOT NULL, 
	links JSON NOT NULL, 
	created_at DATETIME NOT NULL, 
	updated_at DATETIME NOT NULL, 
	solved_at DATETIME, 
	promised_at DATETIME, 
	merged_into INTEGER, 
	root TEXT NOT NULL, 
	why JSON, 
	previous_owner VARCHAR, 
	told_owner VARCHAR, 
	told_team TEXT NOT NULL, 
	sla TEXT NOT NULL, 
	ladder TEXT NOT NULL, 
	PRIMARY KEY (number)
);
INSERT INTO "ticket" VALUES(1,'Invoice 77 wrong','[#1] Invoice 77 wrong','open','ann','support','normal',1,'support@desk.example','luc@customer.example','en','[]','[]','2026-11-21 09:00:00.000000','2026-11-21 09:00:00.000000',NULL,NULL,NULL,'m.afwqcaaaaaaacaaaaae5icpayddesza7jps2l6mu.0@desk.example','{"code": "absence.planned", "text": "Ben Ode is away until Friday 27 November 2026.", "by": "", "phrase": "away_until", "who": "Ben Ode", "until": "2026-11-27"}','ben','ben','support','','');
INSERT INTO "ticket" VALUES(2,'Printer','[#2] Printer','open','ann','support','normal',1,'support@desk.example','eva@other.example','en','[]','[]','2026-11-21 09:00:00.000000','2026-11-21 09:00:00.000000',NULL,NULL,NULL,'m.afwqcaaaaaaaeaaaaae5jcyrrqjj7drknfmaqt4s.0@desk.example','{"code": "routing", "text": "Ann has the fewest open requests now.", "by": "", "phrase": "fewest_open", "who": "Ann"}',NULL,'ann','support','','');
CREATE TABLE timer (
	ticket INTEGER NOT NULL, 
	timer VARCHAR NOT NULL, 
	due_at DATETIME NOT NULL, 
	detail TEXT NOT NULL, 
	PRIMARY KEY (ticket, timer)
);
INSERT INTO "timer" VALUES(1,'tell','2026-11-24 09:01:00.000000','');
CREATE INDEX inbox_author ON inbox (author, id);
CREATE INDEX inbox_state ON inbox (state, id);
CREATE UNIQUE INDEX inbox_source ON inbox (source);
CREATE INDEX inbox_fingerprint ON inbox (fingerprint);
CREATE INDEX inbox_message_id ON inbox (message_id);
CREATE INDEX ticket_team ON ticket (team, status);
CREATE INDEX ticket_owner ON ticket (owner, status);
CREATE INDEX ticket_status ON ticket (status, owner);
CREATE INDEX ticket_requester ON ticket (requester);
CREATE INDEX outbox_reader ON outbox (reader, created_at);
CREATE INDEX outbox_due ON outbox (state, next_at);
CREATE INDEX outbox_ticket ON outbox (ticket);
CREATE INDEX outbox_answers ON outbox (answers, proven, created_at);
CREATE INDEX outbox_inbox ON outbox (inbox);
CREATE INDEX timer_due ON timer (due_at);
CREATE UNIQUE INDEX agent_number ON agent (number);
CREATE INDEX absence_agent ON absence (agent, created_at);
CREATE INDEX absence_stage ON absence (stage, look_at);
CREATE INDEX promise_standing ON promise (standing, due_at);
CREATE INDEX party_address ON party (address);
CREATE UNIQUE INDEX entry_ticket ON entry (ticket, seq);
CREATE INDEX entry_inbox ON entry (inbox);
CREATE INDEX history_absence ON history ("before", at) WHERE code IN ('absence.planned', 'absence.unplanned', 'left');
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('inbox',3);
INSERT INTO "sqlite_sequence" VALUES('entry',3);
INSERT INTO "sqlite_sequence" VALUES('outbox',10);
COMMIT;
